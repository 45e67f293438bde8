//! What a summary through the store costs beside the same `GETRANGE` by the client library alone, in turn, at the same
//! concurrency, against a `redis-server` that this starts:
//!
//!     cargo bench -p cache --bench redis
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::{
    Extent, GuardConfig, Guarded, HostPort, Key, RedisConfig, RedisServers, RedisStore, SharedConfig, Store,
};
use redis::aio::MultiplexedConnection;
use tokio::runtime::Handle;

use self::ports::free_port;

#[allow(dead_code, reason = "no clusters here")]
#[path = "../tests/shared/servers/ports.rs"]
mod ports;

const CALLS: u32 = 60_000;
const ROUNDS: usize = 15;

struct Server(Child, u16);

impl Server {
    fn start() -> Self {
        let port = free_port();
        let child = Command::new("redis-server")
            .args(["--save", "", "--bind", "127.0.0.1", "--port", &port.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("apt-get install redis-server");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        Self(child, port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn key(number: u32) -> Key {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&number.to_le_bytes());
    Key { engine_version: 2, fingerprint: [3; 16], digest }
}

/// Time of a call, each of `callers` making its share one after the other.
async fn time<F>(callers: u32, call: impl Fn(u32) -> F + Clone + Send + 'static) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let began = Instant::now();
    let tasks = (0..callers).map(|caller| {
        let call = call.clone();
        tokio::spawn(async move {
            for number in 0..CALLS / callers {
                call(caller + number).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    began.elapsed().as_secs_f64() * 1e6 * f64::from(callers) / f64::from(CALLS)
}

async fn alone(mut connection: MultiplexedConnection, names: Arc<Vec<String>>, number: u32) {
    let name = &names[number as usize % names.len()];
    let mut command = redis::cmd("GETRANGE");
    let value: Vec<u8> = command.arg(name).arg(0).arg(159).query_async(&mut connection).await.unwrap();
    assert_eq!(value.len(), 160);
}

async fn through(store: Arc<dyn Store>, number: u32) {
    let cached = store.get(key(number % 1000), Extent::Prefix(128)).await.unwrap().unwrap();
    assert_eq!(cached.value.len(), 128);
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let server = Server::start();
    let address = HostPort { host: "127.0.0.1".to_owned(), port: server.1 };
    let shared = SharedConfig { read_timeout: Duration::from_secs(5), ..Default::default() };
    let config = RedisConfig { shared, ..RedisConfig::new(RedisServers::Standalone(address)) };
    let store = Arc::new(RedisStore::new(config).unwrap());
    let store: Arc<dyn Store> =
        Arc::new(Guarded::new(store, GuardConfig::default(), &Handle::current(), Box::new(|_, _| {})));
    for number in 0..1000 {
        store.set(key(number), vec![7; 150_000].into()).await.unwrap();
    }
    let client = redis::Client::open(("127.0.0.1", server.1)).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let names = Arc::new((0..1000).map(|number| format!("siftd:{}", key(number))).collect::<Vec<_>>());
    println!("us a call, median of {ROUNDS} rounds in turn: callers, client alone, through the store, ratio");
    for callers in [1, 16, 64] {
        let mut rounds = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            let (connection, names) = (connection.clone(), names.clone());
            let call = move |number| alone(connection.clone(), names.clone(), number);
            rounds[0].push(time(callers, call).await);
            let store = store.clone();
            rounds[1].push(time(callers, move |number| through(store.clone(), number)).await);
        }
        let [alone, through] = rounds.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[ROUNDS / 2]
        });
        println!("{callers:>3} {alone:8.1} {through:8.1} {:6.2}", through / alone);
    }
}
