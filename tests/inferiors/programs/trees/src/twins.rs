//! Tasks that differ in nothing but their names: an optimiser may keep one function for both.

use crate::leaf;

async fn twin_a() -> usize {
    leaf("twin").await // @twin_a
}

async fn twin_b() -> usize {
    leaf("twin").await // @twin_b
}

pub fn spawn_all() {
    tokio::spawn(twin_a());
    tokio::spawn(twin_b());
    tokio::spawn(twin_b());
}
