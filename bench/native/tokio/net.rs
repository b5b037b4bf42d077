// What sockets cost in Tokio: the native subject of the benches of sockets.
//
//   tokio-net http_hello          serves, and prints its port
//   tokio-net idle_connections    the same
//   tokio-net echo <bench> unix|tcp <placement>
//
// A server ends when its stdin does. `echo` prints one line of JSON; the caller
// has placed it.

use std::future::Future;
use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::process::exit;
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::{Builder, Runtime};

const WORKERS: usize = 2;
const MESSAGE: usize = 64;
const ROOM: usize = 4096;
const WARM_UP: Duration = Duration::from_millis(200);
const ROUNDS: usize = 15;
const TRIPS: usize = 2_000;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 14\r\n\
    \r\n\
    Hello, World!\n";

// ==== Servers ====

/// Serves each connection as a task, on all workers.
fn serve<Served>(connection: fn(TcpStream) -> Served) -> io::Result<()>
where
    Served: Future<Output = io::Result<()>> + Send + 'static,
{
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        exit(0);
    });
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_io()
        .build()?;
    // In a task, as block_on() has no part in the workers' driver.
    let accepting = runtime.spawn(async move {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // A client that is gone ends its own task only.
            tokio::spawn(connection(stream));
        }
    });
    runtime.block_on(accepting).expect("a task that accepts")
}

/// Answers each request of a connection that is kept alive. Requests have no
/// bodies; several may come at once, and one in pieces.
async fn hello(mut stream: TcpStream) -> io::Result<()> {
    let mut requests = Vec::with_capacity(ROOM);
    let mut answers = Vec::with_capacity(ROOM);
    while stream.read_buf(&mut requests).await? > 0 {
        answers.clear();
        let mut start = 0;
        while let Some(length) = end_of_head(&requests[start..]) {
            answers.extend_from_slice(ANSWER);
            start += length;
        }
        requests.drain(..start);
        stream.write_all(&answers).await?;
    }
    Ok(())
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let is_end = |window: &[u8]| window == END_OF_HEAD;
    let at = bytes.windows(END_OF_HEAD.len()).position(is_end)?;
    Some(at + END_OF_HEAD.len())
}

async fn answer<Stream>(mut stream: Stream) -> io::Result<()>
where
    Stream: AsyncRead + AsyncWrite + Unpin,
{
    let mut bytes = [0; ROOM];
    loop {
        let length = stream.read(&mut bytes).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&bytes[..length]).await?;
    }
}

// ==== echo: two threads, a runtime each ====

fn on_one_thread() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_io().build()
}

fn echo_unix(bench: &str) -> io::Result<()> {
    // Registered where they are made: so by the runtime that serves them.
    let (mine, theirs) = std::os::unix::net::UnixStream::pair()?;
    for end in [&mine, &theirs] {
        end.set_nonblocking(true)?;
    }
    thread::spawn(|| {
        on_one_thread()?.block_on(async { answer(UnixStream::from_std(theirs)?).await })
    });
    on_one_thread()?.block_on(async { measure(bench, UnixStream::from_std(mine)?).await })
}

fn echo_tcp(bench: &str) -> io::Result<()> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mine = std::net::TcpStream::connect(listener.local_addr()?)?;
    let (theirs, _) = listener.accept()?;
    for end in [&mine, &theirs] {
        end.set_nonblocking(true)?;
        end.set_nodelay(true)?;
    }
    thread::spawn(|| {
        on_one_thread()?.block_on(async { answer(TcpStream::from_std(theirs)?).await })
    });
    on_one_thread()?.block_on(async { measure(bench, TcpStream::from_std(mine)?).await })
}

async fn measure<Stream>(bench: &str, mut stream: Stream) -> io::Result<()>
where
    Stream: AsyncRead + AsyncWrite + Unpin,
{
    let mut count = 0;
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        exchange(&mut stream, &mut count).await?;
    }
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..TRIPS {
            exchange(&mut stream, &mut count).await?;
        }
        times.push(start.elapsed().as_secs_f64() * 1e6 / TRIPS as f64);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{{\"bench\":\"{bench}\",\"subject\":\"tokio\",\"unit\":\"µs\",\
         \"value\":{:.3},\"better\":\"lower\"}}",
        times[ROUNDS / 2]
    );
    Ok(())
}

async fn exchange<Stream>(stream: &mut Stream, count: &mut u8) -> io::Result<()>
where
    Stream: AsyncRead + AsyncWrite + Unpin,
{
    *count = count.wrapping_add(1);
    stream.write_all(&[*count; MESSAGE]).await?;
    let mut bytes = [0; ROOM];
    let mut length = 0;
    while length < MESSAGE {
        match stream.read(&mut bytes[length..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => length += more,
        }
    }
    assert_eq!(bytes[..length], [*count; MESSAGE]);
    Ok(())
}

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["http_hello"] => serve(hello),
        ["idle_connections"] => serve(answer),
        ["echo", bench, "unix", _] => echo_unix(bench),
        ["echo", bench, "tcp", _] => echo_tcp(bench),
        _ => panic!(
            "usage: tokio-net http_hello | idle_connections | echo <bench> unix|tcp <placement>"
        ),
    }
}
