// What the same questions cost in Tokio: the native subject of the pool benches.
//
//   tokio-pool <measure> <bench> <workers>
//
// Prints one line of JSON for each figure. The caller is not a worker: it spawns
// from outside and blocks for the answer, as a JavaScript caller does. Tasks are
// empty futures, spawned and joined; there is nothing to encode or decode.

use std::hint::{black_box, spin_loop};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

const WARM_UP: Duration = Duration::from_millis(300);
const WINDOW: Duration = Duration::from_millis(1_000);
const PAUSE: Duration = Duration::from_millis(60);
const SPIN: Duration = Duration::from_millis(5);
const PARKED_CALLS: usize = 80;
const BUSY_CALLS: usize = 60;
const BATCH: u64 = 100;
const TASKS: u64 = 200_000;
const NODES: u64 = 1_000_000;
const REPEATS: usize = 5;

fn start(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .build()
        .expect("a runtime")
}

// ==== Tasks ====

/// Spawns an empty task from outside, and blocks until it has answered.
fn call(runtime: &Runtime, index: u64) {
    let answer = runtime.block_on(runtime.spawn(async move { black_box(index) }));
    assert_eq!(answer.expect("an answer"), index);
}

/// Spawns so many empty tasks at once, and joins them all.
fn batch(runtime: &Runtime, tasks: u64) {
    let handles: Vec<_> = (0..tasks)
        .map(|index| runtime.spawn(async move { black_box(index) }))
        .collect();
    let sum = runtime.block_on(async {
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.expect("an answer");
        }
        sum
    });
    assert_eq!(sum, tasks * (tasks - 1) / 2);
}

/// Keeps a worker busy.
fn spin(runtime: &Runtime) {
    let task = runtime.spawn(async {
        let start = Instant::now();
        while start.elapsed() < SPIN {
            spin_loop();
        }
    });
    runtime.block_on(task).expect("an answer");
}

/// Counts the nodes of a tree of so many: a task for each, which spawns its
/// children and joins them.
fn tree(nodes: u64) -> JoinHandle<u64> {
    tokio::spawn(async move {
        let left = (nodes - 1) / 2;
        let right = nodes - 1 - left;
        let children = [left, right].map(|size| (size > 0).then(|| tree(size)));
        let mut count = 1;
        for child in children.into_iter().flatten() {
            count += child.await.expect("a count");
        }
        count
    })
}

fn count_tree(runtime: &Runtime, nodes: u64) {
    let count = runtime.block_on(async { tree(nodes).await });
    assert_eq!(count.expect("a count"), nodes);
}

// ==== Measuring ====

/// Microseconds.
fn time(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e6
}

/// The time of each run, of as many as fit into the window.
fn times_within(window: Duration, mut run: impl FnMut(u64)) -> Vec<f64> {
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < window {
        let index = times.len() as u64;
        times.push(time(|| run(index)));
    }
    times
}

/// The value that `share` of the values are not above.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len() as f64 * share) as usize;
    values[index.min(values.len() - 1)]
}

fn report(bench: &str, unit: &str, value: f64, better: &str) {
    println!(
        "{{\"bench\":\"{bench}\",\"subject\":\"tokio\",\"unit\":\"{unit}\",\
         \"value\":{value:.3},\"better\":\"{better}\"}}"
    );
}

fn report_p50(bench: &str, times: &mut [f64]) {
    report(&format!("{bench}_p50"), "µs", quantile(times, 0.5), "lower");
}

fn report_p99(bench: &str, times: &mut [f64]) {
    report(
        &format!("{bench}_p99"),
        "µs",
        quantile(times, 0.99),
        "lower",
    );
}

/// The rate of the median run, after one to warm up.
fn report_rate(bench: &str, unit: &str, count: u64, mut run: impl FnMut()) {
    run();
    let mut times: Vec<f64> = (0..REPEATS).map(|_| time(&mut run)).collect();
    let rate = count as f64 / quantile(&mut times, 0.5) * 1e6;
    report(bench, unit, rate, "higher");
}

// ==== The benches ====

fn hot_call(bench: &str, workers: usize) {
    let runtime = start(workers);
    times_within(WARM_UP, |index| call(&runtime, index));
    let mut times = times_within(WINDOW, |index| call(&runtime, index));
    report_p50(bench, &mut times);
    report_p99(bench, &mut times);
}

fn batch100(bench: &str, workers: usize) {
    let runtime = start(workers);
    times_within(WARM_UP, |_| batch(&runtime, BATCH));
    let mut times = times_within(WINDOW, |_| batch(&runtime, BATCH));
    report_p50(bench, &mut times);
}

fn parked_call(bench: &str, workers: usize) {
    let runtime = start(workers);
    times_within(WARM_UP, |index| call(&runtime, index));
    let mut times: Vec<f64> = (0..PARKED_CALLS)
        .map(|index| {
            thread::sleep(PAUSE);
            time(|| call(&runtime, index as u64))
        })
        .collect();
    report_p50(bench, &mut times);
    report_p99(bench, &mut times);
}

fn busy5_overhead(bench: &str, workers: usize) {
    let runtime = start(workers);
    times_within(WARM_UP, |index| call(&runtime, index));
    let mut times: Vec<f64> = (0..BUSY_CALLS)
        .map(|_| time(|| spin(&runtime)) - SPIN.as_secs_f64() * 1e6)
        .collect();
    report_p50(bench, &mut times);
}

fn throughput(bench: &str, workers: usize) {
    let runtime = start(workers);
    report_rate(bench, "tasks/s", TASKS, || batch(&runtime, TASKS));
}

fn nested(bench: &str, workers: usize) {
    let runtime = start(workers);
    report_rate(bench, "nodes/s", NODES, || count_tree(&runtime, NODES));
}

fn startup(bench: &str, workers: usize) {
    let taken = time(|| call(&start(workers), 1));
    report(bench, "ms", taken / 1e3, "lower");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [measure, bench, workers] = args.as_slice() else {
        panic!("usage: tokio-pool <measure> <bench> <workers>");
    };
    let workers = workers.parse().expect("a number of workers");
    match measure.as_str() {
        "hot_call" => hot_call(bench, workers),
        "batch100" => batch100(bench, workers),
        "parked_call" => parked_call(bench, workers),
        "busy5_overhead" => busy5_overhead(bench, workers),
        "throughput" => throughput(bench, workers),
        "nested" => nested(bench, workers),
        "startup" => startup(bench, workers),
        _ => panic!("no measure {measure}"),
    }
}
