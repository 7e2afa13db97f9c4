//! Tasks that wait until they are told to end.

use tokio_util::sync::CancellationToken;

async fn cancelled(token: CancellationToken) {
    token.cancelled().await; // @cancelled
}

async fn cancelled_owned(token: CancellationToken) {
    token.cancelled_owned().await; // @cancelled_owned
}

async fn until_cancelled(token: CancellationToken) -> Option<()> {
    let work = std::future::pending::<()>();
    token.run_until_cancelled(work).await // @until_cancelled
}

/// Whoever has a guard cancels the token when it is dropped.
async fn keeps(token: CancellationToken) {
    let guard = token.drop_guard();
    tokio::time::sleep(crate::LONG).await; // @keeps
    drop(guard);
}

pub fn spawn_all() {
    let token = CancellationToken::new();
    tokio::spawn(cancelled(token.child_token()));
    tokio::spawn(cancelled_owned(token.clone()));
    tokio::spawn(until_cancelled(token.clone()));
    tokio::spawn(keeps(token));
}
