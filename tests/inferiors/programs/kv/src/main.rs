//! A key-value server: keys that expire, channels to publish on, and only so many connections.

mod clients;
mod connection;
mod frame;
mod store;

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, Notify, Semaphore};

use connection::Connection;
use store::Store;

const CONNECTIONS: usize = 3;

/// Accepts connections, as long as there is a place for another.
async fn accept(
    listener: &TcpListener,
    store: &Store,
    stop: &Arc<Notify>,
    ending: &broadcast::Sender<()>,
    at_work: &mpsc::Sender<()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.unwrap(); // @place
        let (stream, _) = listener.accept().await?; // @accept
        let connection =
            Connection::new(stream, store.clone(), Arc::clone(stop), ending.subscribe());
        let working = at_work.clone();
        tokio::spawn(async move {
            let _kept = (place, working);
            if let Err(error) = connection.run().await {
                eprintln!("connection: {error}");
            }
        });
    }
}

/// Serves until it is told to stop, and then waits for the connections to end.
async fn serve(listener: TcpListener) -> io::Result<()> {
    let stop = Arc::new(Notify::new());
    let (ending, _) = broadcast::channel(1);
    let (at_work, mut all_done) = mpsc::channel(1);
    let store = Store::new();
    tokio::select! { // @serve
        failed = accept(&listener, &store, &stop, &ending, &at_work) => failed?,
        () = stop.notified() => (),
    }
    drop((ending, at_work));
    all_done.recv().await; // @all_done
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let clients = thread::spawn(move || clients::run(address));
    tokio::spawn(clients::watch());
    serve(listener).await?; // @main
    println!("{}", clients.join().unwrap()?);
    Ok(())
}
