//! Collections that share parts with their earlier selves.

pub fn im() {
    let few: im::Vector<u32> = (0..3).collect();
    let some: im::Vector<u32> = (0..40).collect();
    let many: im::Vector<u32> = (0..5000).collect();
    let order: im::OrdMap<u32, u32> = (0..200u32).map(|n| (n, n * n)).collect();
    let small: im::OrdMap<&str, u8> = [("b", 2), ("a", 1)].into_iter().collect();
    let order_set: im::OrdSet<u8> = [3, 1, 2].into_iter().collect();
    let map: im::HashMap<&str, u8> = [("x", 1)].into_iter().collect();
    let big_map: im::HashMap<u32, u32> = (0..300u32).map(|n| (n, n + 1)).collect();
    let set: im::HashSet<char> = ['q'].into_iter().collect();
    let none: im::HashMap<u8, u8> = im::HashMap::new();
    tell!("im": few, some, small, order_set, map, set, none);
    ready::keep(&(&many, &order, &big_map)); // @im
}

pub fn imbl() {
    let few: imbl::Vector<u32> = (0..3).collect();
    let some: imbl::Vector<u32> = (0..40).collect();
    let many: imbl::Vector<u32> = (0..5000).collect();
    let order: imbl::OrdMap<u32, u32> = (0..200u32).map(|n| (n, n * n)).collect();
    let small: imbl::OrdMap<&str, u8> = [("b", 2), ("a", 1)].into_iter().collect();
    let order_set: imbl::OrdSet<u8> = [3, 1, 2].into_iter().collect();
    let map: imbl::HashMap<&str, u8> = [("x", 1)].into_iter().collect();
    let big_map: imbl::HashMap<u32, u32> = (0..300u32).map(|n| (n, n + 1)).collect();
    let set: imbl::HashSet<char> = ['q'].into_iter().collect();
    let none: imbl::OrdMap<u8, u8> = imbl::OrdMap::new();
    tell!("imbl": few, some, small, order_set, map, set, none);
    ready::keep(&(&many, &order, &big_map)); // @imbl
}

pub fn rpds() {
    let list: rpds::List<&str> = ["a", "b"].into_iter().collect();
    let vector: rpds::Vector<u32> = (0..3).collect();
    let long: rpds::Vector<u32> = (0..200).collect();
    let nested: rpds::VectorSync<Vec<u8>> = [vec![1], vec![2, 3]].into_iter().collect();
    let map: rpds::HashTrieMap<&str, u8> = [("k", 1)].into_iter().collect();
    let big_map: rpds::HashTrieMap<u32, u32> = (0..200u32).map(|n| (n, n + 1)).collect();
    let set: rpds::HashTrieSet<u8> = [9].into_iter().collect();
    let order: rpds::RedBlackTreeMap<u32, char> =
        [(3, 'c'), (1, 'a'), (2, 'b')].into_iter().collect();
    let order_set: rpds::RedBlackTreeSet<u8> = [5, 4].into_iter().collect();
    let queue: rpds::Queue<u8> = [1, 2].into_iter().collect();
    let stack: rpds::Stack<u8> = rpds::Stack::new().push(1).push(2);
    let none: rpds::List<u8> = rpds::List::new();
    tell!("rpds": list, vector, nested, map, set, order, order_set, none);
    ready::keep(&(&long, &big_map, &queue, &stack)); // @rpds
}
