//! A shop behind HTTP: one request looks for its item for long, the others wait for the shelf.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::{interval, sleep};

const SEARCH: Duration = Duration::from_secs(20);
const ITEMS: [u32; 3] = [7, 8, 9];

static STARTED: AtomicUsize = AtomicUsize::new(0);

struct Shop {
    name: &'static str,
    shelf: Mutex<Vec<u32>>,
}

async fn search(shelf: &[u32], item: u32) -> Option<usize> {
    let place = shelf.iter().position(|&each| each == item);
    sleep(SEARCH).await; // @search
    place
}

async fn order(State(shop): State<Arc<Shop>>, Path(item): Path<u32>) -> String {
    STARTED.fetch_add(1, Ordering::Relaxed);
    let mut shelf = shop.shelf.lock().await; // @lock
    let found = search(&shelf, item).await; // @found
    match found {
        Some(place) => format!("{}: {}", shop.name, shelf.remove(place)),
        None => format!("{}: no {item}", shop.name),
    }
}

/// Called once every request has begun.
#[inline(never)]
fn all_began(count: usize) {
    ready::say("busy");
    ready::keep(&count); // @all_began
}

async fn watch() {
    let mut ticks = interval(Duration::from_millis(1));
    while STARTED.load(Ordering::Relaxed) < ITEMS.len() {
        ticks.tick().await;
    }
    all_began(ITEMS.len());
}

/// Orders one thing after the other, over a connection for each, and then waits for the answers.
fn buy(server: SocketAddr) -> io::Result<String> {
    let mut streams = Vec::new();
    for (before, item) in ITEMS.into_iter().enumerate() {
        let mut stream = std::net::TcpStream::connect(server)?;
        write!(
            stream,
            "GET /order/{item} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
        )?;
        streams.push(stream);
        while STARTED.load(Ordering::Relaxed) <= before {
            thread::yield_now();
        }
    }
    let mut answers = String::new();
    for mut stream in streams {
        stream.read_to_string(&mut answers)?;
    }
    Ok(answers)
}

// One worker: it has polled each request to its await before it polls `watch` again.
#[tokio::main(worker_threads = 1)]
async fn main() -> io::Result<()> {
    let shop = Arc::new(Shop {
        name: "corner shop",
        shelf: Mutex::new(vec![7, 9]),
    });
    let app = Router::new()
        .route("/order/{item}", get(order))
        .with_state(shop);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    thread::spawn(move || buy(address));
    tokio::spawn(watch());
    axum::serve(listener, app).await // @serve
}
