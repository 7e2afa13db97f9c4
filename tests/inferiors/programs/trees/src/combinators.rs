//! Functions that make one future of others.

use std::pin::pin;

use futures_util::future::{self, FutureExt};
use futures_util::stream::{self, FuturesOrdered, FuturesUnordered, StreamExt};
use tokio::time::timeout;

use crate::{leaf, LONG};

async fn limited() -> bool {
    timeout(LONG * 4, leaf("limited")).await.is_ok() // @limited
}

async fn unordered() -> usize {
    let mut all: FuturesUnordered<_> = ["fu0", "fu1", "fu2"].map(leaf).into_iter().collect();
    all.next().await.unwrap() // @unordered
}

async fn ordered() -> usize {
    let mut all: FuturesOrdered<_> = ["fo0", "fo1"].map(leaf).into_iter().collect();
    all.next().await.unwrap() // @ordered
}

async fn buffered() -> Vec<usize> {
    let all = stream::iter(0..3).map(|_| leaf("buffered"));
    all.buffer_unordered(2).collect().await // @buffered
}

async fn all_at_once() -> Vec<usize> {
    future::join_all(["all0", "all1"].map(leaf)).await // @all_at_once
}

async fn either() -> usize {
    let (left, right) = (pin!(leaf("left")), pin!(leaf("right")));
    future::select(left, right).await.factor_first().0 // @either
}

async fn adapted() -> usize {
    leaf("adapted").map(|length| length + 1).fuse().await // @adapted
}

async fn streamed() -> usize {
    let lengths = stream::unfold(3, |n| async move { Some((leaf("unfolded").await + n, n)) });
    let mut lengths = pin!(lengths);
    lengths.next().await.unwrap() // @streamed
}

#[cfg(feature = "join_set")]
async fn set_of_tasks() -> usize {
    let mut set = tokio::task::JoinSet::new();
    for label in ["set0", "set1", "set2"] {
        set.spawn(leaf(label));
    }
    set.join_next().await.unwrap().unwrap() // @set_of_tasks
}

pub fn spawn_all() {
    tokio::spawn(limited());
    tokio::spawn(unordered());
    tokio::spawn(ordered());
    tokio::spawn(buffered());
    tokio::spawn(all_at_once());
    tokio::spawn(either());
    tokio::spawn(adapted());
    tokio::spawn(streamed());
    #[cfg(feature = "join_set")]
    tokio::spawn(set_of_tasks());
}
