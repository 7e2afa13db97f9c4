//! Arenas with free slots, and graphs.

use petgraph::graph::Graph;
use petgraph::stable_graph::StableGraph;
use slab::Slab;
use slotmap::{DenseSlotMap, SecondaryMap, SlotMap};

pub fn arenas() {
    let mut slab = Slab::new();
    let keys: Vec<usize> = ["a", "b", "c"]
        .into_iter()
        .map(|text| slab.insert(text))
        .collect();
    slab.remove(keys[1]);
    let mut slots = SlotMap::new();
    let first = slots.insert("first".to_string());
    let second = slots.insert("second".to_string());
    slots.remove(first);
    let third = slots.insert("third".to_string());
    let gone = slots.insert("gone".to_string());
    slots.remove(gone);
    let mut marks = SecondaryMap::new();
    marks.insert(second, 5);
    #[allow(deprecated)]
    let mut hops = slotmap::HopSlotMap::new();
    let hop = hops.insert(1u8);
    hops.insert(2);
    hops.remove(hop);
    let mut dense = DenseSlotMap::new();
    dense.insert('d');
    let nothing: Slab<u8> = Slab::new();
    tell!("arenas": slab, nothing, second);
    ready::keep(&(&slots, &marks, &hops, &dense, &third)); // @arenas
}

pub fn graphs() {
    let mut graph = Graph::<&str, u8>::new();
    let a = graph.add_node("a");
    let b = graph.add_node("b");
    graph.add_edge(a, b, 7);
    let mut stable = StableGraph::<&str, u8>::new();
    let c = stable.add_node("c");
    let d = stable.add_node("d");
    stable.add_node("e");
    stable.add_edge(d, c, 8);
    stable.remove_node(c);
    tell!("graphs": graph, stable, a);
    ready::keep(&stable); // @graphs
}
