//! The client against a real server on loopback: a small one that answers what a
//! test scripts, byte for byte, and remembers what it was sent.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::*;

/// What the server does with the n-th request (from 0).
enum Reply {
    Send(String),
    SendAndClose(String),
    Close,
    /// Nothing until the client goes away.
    Silence,
}

struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    client_left: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let client_left = Arc::new(Notify::new());
        let (counted, seen) = (Arc::clone(&connections), Arc::clone(&requests));
        let (script, left) = (Arc::new(script), Arc::clone(&client_left));
        let task = tokio::spawn(async move {
            let mut running = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let (script, seen, left) =
                    (Arc::clone(&script), Arc::clone(&seen), Arc::clone(&left));
                running.spawn(async move {
                    serve(stream, &*script, &seen).await.ok();
                    left.notify_one();
                });
            }
        });
        Self {
            address,
            connections,
            requests,
            client_left,
            task,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    script: &(impl Fn(usize) -> Reply + ?Sized),
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    while let Some(request) = read_request(&mut stream).await? {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            seen.len() - 1
        };
        match script(number) {
            Reply::Send(text) => stream.write_all(text.as_bytes()).await?,
            Reply::SendAndClose(text) => return stream.write_all(text.as_bytes()).await,
            Reply::Close => return Ok(()),
            Reply::Silence => {
                stream.read_u8().await.ok();
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let whole = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = whole.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Ok(Some(whole));
            }
        }
        match stream.read(&mut buffer).await? {
            0 => return Ok(None),
            n => text.extend_from_slice(&buffer[..n]),
        }
    }
}

fn ok(body: &str) -> Reply {
    Reply::Send(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

struct FakeDns(BTreeMap<&'static str, Vec<IpAddr>>);

impl Lookup for FakeDns {
    fn lookup(
        &self,
        host: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let found = self.0.get(host.as_str()).cloned();
        Box::pin(async { found.ok_or_else(|| io::Error::other("no such name")) })
    }
}

fn transport(names: &[(&'static str, &[&str])]) -> Transport {
    let names = names.iter().map(|(name, addresses)| {
        (
            *name,
            addresses.iter().map(|a| a.parse().unwrap()).collect(),
        )
    });
    Transport::with_lookup(Arc::new(FakeDns(names.collect()))).unwrap()
}

fn rules() -> RouteRules {
    let route = |method: &str, path: &str, reads| Route {
        method: method.to_owned(),
        path: path.to_owned(),
        bucket: None,
        reads,
    };
    let bucket = Bucket {
        name: "calls".to_owned(),
        limit: 100,
        window_ms: 10_000,
    };
    let routes = [
        route("GET", "/items/{id}", true),
        route("POST", "/items/search", true),
        route("POST", "/items", false),
    ];
    RouteRules::new(&routes, &[bucket]).unwrap()
}

fn client_for(allow: &str) -> Client {
    let allow = AllowList::parse(&[allow]).unwrap();
    transport(&[]).client(allow, rules(), Budgets::new(rules().buckets()))
}

fn client(server: &Server) -> Client {
    client_for(&server.address.to_string())
}

fn request(method: Method, server: &Server, path: &str, body: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("http://{}{path}", server.address))
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

fn get(server: &Server, path: &str) -> Request<Bytes> {
    request(Method::GET, server, path, "")
}

const PATIENT: RequestLimits = RequestLimits {
    first_byte: Duration::from_secs(20),
    total: Duration::from_secs(20),
};

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let server = Server::start(|_| {
        Reply::Send(
            "HTTP/1.1 207 X\r\nx-a: 1\r\nx-a: 2\r\ntransfer-encoding: chunked\r\n\r\n\
             5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
                .to_owned(),
        )
    })
    .await;
    let client = client(&server);
    let mut request = request(Method::POST, &server, "/items?x=1", "{}");
    request
        .headers_mut()
        .insert("host", "elsewhere.example".parse().unwrap());
    request
        .headers_mut()
        .insert("x-mine", "kept".parse().unwrap());
    let answer = client.send(request, &PATIENT).await.unwrap();
    assert_eq!(answer.status(), 207);
    assert_eq!(answer.headers().get_all("x-a").iter().count(), 2);
    assert_eq!(answer.body(), "hello world");

    let seen = server.requests().remove(0);
    assert!(seen.starts_with("POST /items?x=1 HTTP/1.1\r\n"), "{seen}");
    assert!(
        seen.contains(&format!("host: {}", server.address)),
        "{seen}"
    );
    assert!(
        seen.contains("x-mine: kept") && seen.ends_with("{}"),
        "{seen}"
    );
    let traffic = client.traffic();
    assert_eq!(traffic.calls, BTreeMap::from([("/items".to_owned(), 1)]));
    assert_eq!((traffic.bytes_sent, traffic.bytes_received), (2, 11));
    assert_eq!(client.budgets().usage()["calls"].used, 1);
}

#[tokio::test]
async fn connections_are_reused() {
    let server = Server::start(|_| ok("x")).await;
    let client = client(&server);
    for _ in 0..5 {
        client
            .send(get(&server, "/items/1"), &PATIENT)
            .await
            .unwrap();
        // The pool takes the connection back in a task of its own.
        tokio::task::yield_now().await;
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 5));
}

#[tokio::test]
async fn another_clients_connection_is_not_used() {
    let server = Server::start(|_| ok("x")).await;
    for _ in 0..2 {
        client(&server)
            .send(get(&server, "/items/1"), &PATIENT)
            .await
            .unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_host_that_is_not_granted_is_refused() {
    let server = Server::start(|_| ok("x")).await;
    let client = client_for("127.0.0.1:1");
    let error = client
        .send(get(&server, "/items/1"), &PATIENT)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        HttpError::Forbidden {
            host: server.address.to_string()
        }
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_that_resolves_to_loopback_is_refused() {
    let server = Server::start(|_| ok("x")).await;
    let transport = transport(&[
        ("inside.example.com", &["127.0.0.1"]),
        ("mixed.example.com", &["1.1.1.1", "127.0.0.1"]),
        ("empty.example.com", &[]),
        ("localhost", &["127.0.0.1"]),
    ]);
    let port = server.address.port();
    let send = async |entry: String, host: &str| {
        let client = transport.client(
            AllowList::parse(&[entry]).unwrap(),
            rules(),
            Budgets::default(),
        );
        let uri = format!("http://{host}:{port}/items/1");
        let request = Request::get(uri).body(Bytes::new()).unwrap();
        client.send(request, &PATIENT).await
    };
    for host in ["inside.example.com", "mixed.example.com"] {
        let error = send(format!("http://*.example.com:{port}"), host)
            .await
            .unwrap_err();
        let expected = HttpError::PrivateAddress {
            host: host.to_owned(),
            address: server.address.ip(),
        };
        assert_eq!(error, expected);
        assert!(error.nothing_was_sent());
    }
    for host in ["empty.example.com", "unknown.example.com"] {
        let error = send(format!("http://*.example.com:{port}"), host)
            .await
            .unwrap_err();
        assert!(matches!(error, HttpError::Resolve { .. }), "{error}");
    }
    assert_eq!(server.connections(), 0);
    send(format!("localhost:{port}"), "localhost")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::start(|_| {
        Reply::Send(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                .to_owned(),
        )
    })
    .await;
    let answer = client(&server)
        .send(get(&server, "/items/1"), &PATIENT)
        .await
        .unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let too_large = HttpError::ResponseTooLarge {
        limit: MAX_RESPONSE_BODY,
    };
    // Announced, and so refused before a byte of it is read.
    let server = Server::start(|_| {
        Reply::Send(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
            MAX_RESPONSE_BODY + 1
        ))
    })
    .await;
    let error = client(&server)
        .send(get(&server, "/items/1"), &PATIENT)
        .await
        .unwrap_err();
    assert_eq!(error, too_large);
    // Not announced.
    let server = Server::start(|_| {
        let body = "x".repeat(MAX_RESPONSE_BODY + 1);
        Reply::SendAndClose(format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}"
        ))
    })
    .await;
    let error = client(&server)
        .send(get(&server, "/items/1"), &PATIENT)
        .await
        .unwrap_err();
    assert_eq!(error, too_large);

    let body = "x".repeat(MAX_REQUEST_BODY + 1);
    let request = request(Method::POST, &server, "/items", &body);
    let error = client(&server).send(request, &PATIENT).await.unwrap_err();
    assert!(matches!(error, HttpError::RequestTooLarge { .. }));
}

#[tokio::test]
async fn headers_over_the_limit_are_refused() {
    let many = "x-a: 1\r\n".repeat(MAX_HEADERS + 1);
    let long = format!("x-a: {}\r\n", "x".repeat(MAX_HEADER_BYTES));
    for headers in [many, long] {
        let server = Server::start(move |_| {
            Reply::Send(format!(
                "HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n"
            ))
        })
        .await;
        let error = client(&server)
            .send(get(&server, "/items/1"), &PATIENT)
            .await
            .unwrap_err();
        let side = Side::Response;
        assert_eq!(error, HttpError::HeadersTooLarge { side });
    }
    let server = Server::start(|_| ok("x")).await;
    let mut request = get(&server, "/items/1");
    for _ in 0..=MAX_HEADERS {
        request.headers_mut().append("x-a", "1".parse().unwrap());
    }
    let error = client(&server).send(request, &PATIENT).await.unwrap_err();
    let side = Side::Request;
    assert_eq!(error, HttpError::HeadersTooLarge { side });
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_preview_may_not_send_a_write() {
    let server = Server::start(|_| ok("x")).await;
    let client = client(&server);
    let preview = client.read_only();
    let writes = [
        request(Method::POST, &server, "/items?secret=1", "{}"),
        request(Method::DELETE, &server, "/items/1", ""),
        request(Method::GET, &server, "/not/described", ""),
    ];
    for write in writes {
        let error = preview.send(write, &PATIENT).await.unwrap_err();
        assert!(matches!(error, HttpError::DryRun { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(server.requests().is_empty());
    preview
        .send(get(&server, "/items/1"), &PATIENT)
        .await
        .unwrap();
    preview
        .send(
            request(Method::POST, &server, "/items/search", "{}"),
            &PATIENT,
        )
        .await
        .unwrap();
    client
        .send(request(Method::POST, &server, "/items", "{}"), &PATIENT)
        .await
        .unwrap();
    assert_eq!(client.traffic().calls.values().sum::<u64>(), 3);
}

#[tokio::test]
async fn a_write_without_an_answer_is_not_sent_again() {
    let server = Server::start(|n| if n == 0 { ok("x") } else { Reply::Close }).await;
    let client = client(&server);
    client
        .send(get(&server, "/items/1"), &PATIENT)
        .await
        .unwrap();
    let write = request(Method::POST, &server, "/items", "{}");
    let error = client.send(write, &PATIENT).await.unwrap_err();
    assert!(matches!(error, HttpError::Closed { .. }), "{error}");
    assert!(!error.nothing_was_sent());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_read_without_an_answer_is_sent_once_more_and_counts_twice() {
    let server = Server::start(|n| if n == 1 { Reply::Close } else { ok("x") }).await;
    let client = client(&server);
    for _ in 0..2 {
        client
            .send(get(&server, "/items/1"), &PATIENT)
            .await
            .unwrap();
    }
    assert_eq!(server.requests().len(), 3);
    assert_eq!(client.budgets().usage()["calls"].used, 3);
    assert_eq!(client.traffic().repeated, 1);

    let server = Server::start(|_| Reply::Close).await;
    let error = super::tests::client(&server)
        .send(get(&server, "/items/1"), &PATIENT)
        .await;
    assert!(matches!(error, Err(HttpError::Closed { .. })));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_truncated_body_is_not_taken_for_an_answer() {
    let server = Server::start(|_| {
        Reply::SendAndClose("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned())
    })
    .await;
    let write = request(Method::POST, &server, "/items", "{}");
    let error = client(&server).send(write, &PATIENT).await.unwrap_err();
    assert!(matches!(error, HttpError::Closed { .. }), "{error}");
}

#[tokio::test]
async fn what_is_not_http_is_said_to_be_that() {
    let server = Server::start(|_| Reply::SendAndClose("SSH-2.0-x\r\n\r\n".to_owned())).await;
    let error = client(&server)
        .send(get(&server, "/items/1"), &PATIENT)
        .await
        .unwrap_err();
    assert!(matches!(error, HttpError::Protocol(_)), "{error}");
}

#[tokio::test]
async fn a_silent_remote_times_out_and_its_connection_is_closed() {
    let server = Server::start(|_| Reply::Silence).await;
    let limits = RequestLimits {
        first_byte: Duration::from_millis(50),
        ..PATIENT
    };
    let error = client(&server)
        .send(get(&server, "/items/1"), &limits)
        .await
        .unwrap_err();
    let phase = Phase::FirstByte;
    assert!(
        matches!(error, HttpError::Timeout { phase: p, .. } if p == phase),
        "{error}"
    );
    server.client_left.notified().await;

    let server = Server::start(|n| {
        assert_eq!(n, 0);
        Reply::Send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned())
    })
    .await;
    let limits = RequestLimits {
        total: Duration::from_secs(1),
        ..PATIENT
    };
    let error = client(&server)
        .send(get(&server, "/items/1"), &limits)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::Timeout {
                phase: Phase::Body,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn waiting_for_the_budget_does_not_count_as_time_of_the_request() {
    let server = Server::start(|_| ok("x")).await;
    let bucket = Bucket {
        name: "calls".to_owned(),
        limit: 1,
        window_ms: 1_000,
    };
    let rules = RouteRules::new(&[], &[bucket]).unwrap();
    let allow = AllowList::parse(&[server.address.to_string()]).unwrap();
    let budgets = Budgets::new(rules.buckets());
    let client = transport(&[]).client(allow, rules, budgets);
    let limits = RequestLimits {
        first_byte: Duration::from_millis(900),
        total: Duration::from_millis(900),
    };
    for _ in 0..2 {
        client.send(get(&server, "/a"), &limits).await.unwrap();
    }
    let traffic = client.traffic();
    assert_eq!(traffic.waits, 1);
    assert!(traffic.waited > limits.total, "{traffic:?}");
}

#[tokio::test]
async fn a_call_that_could_not_connect_uses_no_budget() {
    let server = Server::start(|_| ok("x")).await;
    let address = server.address;
    let client = client(&server);
    // The listener is closed when its task has ended.
    server.task.abort();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let error = client
        .send(get(&server, "/items/1"), &PATIENT)
        .await
        .unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }), "{error}");
    assert!(error.nothing_was_sent());
    assert_eq!(client.budgets().usage()["calls"].used, 0);
    assert!(client.traffic().calls.is_empty());
}

#[tokio::test]
async fn plain_http_on_a_secure_port_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .ok();
        stream.read_to_end(&mut Vec::new()).await.ok();
    });
    let client = client_for(&format!("https://{address}"));
    let request = Request::get(format!("https://{address}/items/1"))
        .body(Bytes::new())
        .unwrap();
    let error = client.send(request, &PATIENT).await.unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error}");
    assert!(error.nothing_was_sent());
    server.await.unwrap();
}

#[tokio::test]
async fn a_dropped_request_closes_its_connection() {
    let server = Server::start(|_| Reply::Silence).await;
    let client = client(&server);
    let call = tokio::spawn({
        let request = get(&server, "/items/1");
        let client = client.clone();
        async move { client.send(request, &PATIENT).await }
    });
    while server.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    call.abort();
    server.client_left.notified().await;
    assert_eq!(client.budgets().usage()["calls"].used, 1);
}
