//! Async code that tells its variables itself, line by line: `LINE name=value name=value`.

use std::future::pending;

use tokio::task::yield_now;

async fn later(number: u32) -> u32 {
    yield_now().await;
    println!("{} number={number:?}", line!());
    number
}

async fn arguments(number: u32, text: String, pair: (u8, u16), list: &[u32]) -> usize {
    println!("{} number={number:?} text={text:?} pair={pair:?} list={list:?}", line!());
    let (left, right) = pair;
    yield_now().await;
    println!("{} text={text:?} left={left:?} right={right:?} number={number:?}", line!());
    let text = text.len();
    println!("{} text={text:?} list={list:?}", line!());
    let sum = later(1).await + number;
    println!("{} sum={sum:?} text={text:?}", line!());
    text + sum as usize
}

async fn selects(id: u32) -> u32 {
    let base = id + 1;
    tokio::select! {
        biased;
        () = pending() => 0,
        found = later(7) => {
            println!("{} found={found:?} base={base:?} id={id:?}", line!());
            let found = later(found).await + base;
            println!("{} found={found:?} base={base:?}", line!());
            found
        }
    }
}

async fn blocks(base: u32) -> u32 {
    let name = String::from("block");
    let first = async {
        let inner = base * 2;
        println!("{} inner={inner:?} name={name:?}", line!());
        yield_now().await;
        println!("{} inner={inner:?} base={base:?} name={name:?}", line!());
        inner
    };
    let second = async {
        let inner = [base; 3];
        yield_now().await;
        println!("{} inner={inner:?} base={base:?}", line!());
        inner[2]
    };
    let (one, two) = tokio::join!(first, second);
    println!("{} one={one:?} two={two:?} name={name:?}", line!());
    one + two
}

async fn closures(base: u32) -> u32 {
    let adds = async |number: u32| {
        println!("{} number={number:?} base={base:?}", line!());
        let found = later(number).await;
        println!("{} found={found:?} number={number:?} base={base:?}", line!());
        found + base
    };
    let mut total = 0;
    for each in [3, 4] {
        total += adds(each).await;
        println!("{} total={total:?} each={each:?}", line!());
    }
    total
}

pub fn all() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let list = vec![5, 6];
        let length = arguments(3, String::from("four"), (1, 2), &list).await;
        println!("{} length={length:?} list={list:?}", line!());
        tokio::spawn(selects(10)).await.unwrap();
        tokio::spawn(blocks(20)).await.unwrap();
        tokio::spawn(closures(30)).await.unwrap();
    });
}
