//! The smallest executor that there is, as tutorials have it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake};

use crate::outer;

pub struct Job {
    future: Mutex<Option<Pin<Box<dyn Future<Output = usize> + Send>>>>,
}

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        self.poll();
    }
}

impl Job {
    fn poll(self: &Arc<Self>) {
        let waker = Arc::clone(self).into();
        if let Some(future) = self.future.lock().unwrap().as_mut() {
            let _ = future.as_mut().poll(&mut Context::from_waker(&waker));
        }
    }
}

pub fn run() -> Vec<Arc<Job>> {
    let jobs = ["one", "two"].map(|name| {
        let future = Mutex::new(Some(Box::pin(outer(name, vec![])) as _));
        Arc::new(Job { future })
    });
    jobs.each_ref().map(Job::poll);
    jobs.into()
}
