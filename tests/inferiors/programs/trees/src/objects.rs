//! Futures behind pointers, and futures that nobody waits for.

use std::future::Future;
use std::pin::Pin;

use crate::leaf;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

fn boxed_dyn(n: usize) -> Boxed<'static, usize> {
    Box::pin(async move {
        let keep = n + 1;
        leaf("boxed").await + keep // @boxed_dyn
    })
}

async fn dynamic() -> usize {
    boxed_dyn(4).await // @dynamic
}

trait Service: Send + Sync {
    fn call(&self, request: String) -> Boxed<'_, usize>;
}

struct Echo {
    extra: usize,
}

impl Service for Echo {
    fn call(&self, request: String) -> Boxed<'_, usize> {
        Box::pin(async move {
            let before = request.len() + self.extra;
            leaf("served").await + before + request.len() // @call
        })
    }
}

async fn served() -> usize {
    let service: Box<dyn Service> = Box::new(Echo { extra: 2 });
    service.call(String::from("four")).await // @served
}

async fn rec(n: u32) -> usize {
    if n == 0 {
        return leaf("deepest").await; // @deepest
    }
    Box::pin(rec(n - 1)).await + n as usize // @rec
}

async fn closing() -> usize {
    let base = 10;
    let add = async |label: &'static str| leaf(label).await + base; // @closure
    add("closure").await // @closing
}

async fn holding() -> usize {
    let held = leaf("held");
    let first = leaf("first").await; // @holding
    first + held.await
}

pub fn spawn_all() {
    tokio::spawn(dynamic());
    tokio::spawn(served());
    tokio::spawn(rec(3));
    tokio::spawn(closing());
    tokio::spawn(holding());
}
