//! A till: adds up orders and takes the customers' money.

use std::collections::HashMap;

#[derive(Debug)]
struct Item {
    name: String,
    price: u32,
    count: u32,
}

#[derive(Debug)]
struct Order {
    id: u32,
    customer: String,
    items: Vec<Item>,
    gift: Option<String>,
}

impl Order {
    fn new(id: u32, customer: &str, items: &[(&str, u32, u32)]) -> Order {
        let item = |&(name, price, count): &(&str, u32, u32)| Item {
            name: name.to_owned(),
            price,
            count,
        };
        Order {
            id,
            customer: customer.to_owned(),
            items: items.iter().map(item).collect(),
            gift: (id % 2 == 0).then(|| String::from("a sticker")),
        }
    }

    fn total(&self) -> u32 {
        let mut sum = 0;
        for item in &self.items {
            let price = item.price * item.count;
            sum += price; // @adds
        }
        sum // @total
    }
}

fn pay(order: &Order, purses: &mut HashMap<String, u32>) -> u32 {
    let due = order.total();
    let money = purses[&order.customer]; // @purse
    purses.insert(order.customer.clone(), money - due);
    due
}

fn main() {
    let orders = [
        Order::new(1, "ada", &[("tea", 3, 2), ("cake", 4, 1)]),
        Order::new(2, "grace", &[("coffee", 4, 3), ("bread", 2, 5)]),
        Order::new(3, "nobody", &[("milk", 1, 1)]),
    ];
    let mut purses = HashMap::from([(String::from("ada"), 50), (String::from("grace"), 40)]);
    let mut earned = 0;
    for order in &orders {
        earned += pay(order, &mut purses); // @pays
        println!("order {} is paid, {earned} in the till", order.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up() {
        let order = Order::new(7, "ada", &[("tea", 3, 2), ("cake", 4, 1)]);
        let total = order.total();
        assert_eq!(total, 10); // @asserts
    }

    #[test]
    fn nothing_is_free_of_charge() {
        assert_eq!(Order::new(8, "ada", &[]).total(), 0);
    }
}
