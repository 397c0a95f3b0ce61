//! Making connections: names are looked up here, and every address is checked
//! before and after connecting, so that the check sees what is really used. IP
//! addresses in a request never reach a resolver, so they are checked on their own.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::net::TcpStream;
use tower_service::Service;

use super::allow::AllowList;
use super::budget::Budgets;
use super::client::{Client, MAX_HEADER_BYTES, MAX_HEADERS};
use super::error::HttpError;
use super::routes::RouteRules;

/// Name look-up, TCP and TLS together. Two lost SYN packets (1 s and 2 s) and a slow
/// DNS server still fit; a host that needs longer is down.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Common load balancers close an idle connection after 60 s; we let go first, so
/// that a request rarely meets a connection which is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// A connection prefetches a page or two; more idle sockets would only be kept open.
const IDLE_PER_HOST: usize = 8;
/// Finds a peer that vanished while an answer is awaited, and keeps NAT entries.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
/// The same for HTTP/2, where many requests would hang on one dead connection.
const HTTP2_PING: Duration = Duration::from_secs(20);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(10);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// What a client sends through.
pub(super) type Pool =
    hyper_util::client::legacy::Client<HttpsConnector<GuardedConnector>, Full<Bytes>>;

/// Turns a name into addresses.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a name.
    fn lookup(&self, host: String) -> Boxed<io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> Boxed<io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// What all connections share: TLS set-up and name look-up. One per process.
#[derive(Clone)]
pub struct Transport {
    tls: ClientConfig,
    lookup: Arc<dyn Lookup>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transport")
    }
}

impl Transport {
    /// With the root certificates and the resolver of the system.
    pub fn new() -> Result<Self, HttpError> {
        Self::with_lookup(Arc::new(SystemLookup))
    }

    /// With another way to look up names.
    pub fn with_lookup(lookup: Arc<dyn Lookup>) -> Result<Self, HttpError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::Tls {
                host: "any host".to_owned(),
                detail: error.to_string(),
            })?;
        // A machine without root certificates can still reach plain HTTP on itself;
        // any https then fails with "unknown issuer", which says what is missing.
        let tls = match builder.clone().with_native_roots() {
            Ok(with_roots) => with_roots.with_no_client_auth(),
            Err(_) => builder
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth(),
        };
        Ok(Self { tls, lookup })
    }

    /// The client of one connection. Keep it as long as the connection's policy
    /// stands: its pool ends with it. The budgets may outlive it.
    pub fn client(&self, allow: AllowList, rules: RouteRules, budgets: Budgets) -> Client {
        let allow = Arc::new(allow);
        let pool = self.pool(Arc::clone(&allow));
        Client::new(allow, rules, budgets, pool)
    }

    fn pool(&self, allow: Arc<AllowList>) -> Pool {
        let resolver = GuardedResolver {
            allow: Arc::clone(&allow),
            lookup: Arc::clone(&self.lookup),
        };
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false); // https comes through here too, below TLS
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.set_keepalive(Some(TCP_KEEPALIVE));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.clone())
            .https_or_http() // which of them is the allow-list's decision
            .enable_http1()
            .enable_http2()
            .wrap_connector(GuardedConnector { allow, tcp });
        let header_bytes = u32::try_from(MAX_HEADER_BYTES).unwrap_or(u32::MAX);
        hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_headers(MAX_HEADERS)
            .http1_max_buf_size(MAX_HEADER_BYTES)
            .http2_max_header_list_size(header_bytes)
            .http2_keep_alive_interval(HTTP2_PING)
            .http2_keep_alive_timeout(HTTP2_PING_TIMEOUT)
            // Safe for a POST too: hyper hands a request back only when not one byte
            // of it was written (its connection closed while it was still queued), and
            // only such a request is sent again. One that was written and got no
            // answer ends as `Closed`; `Client::send` decides what then.
            .retry_canceled_requests(true)
            .build(connector)
    }
}

/// Looks up names, and refuses a name of which any address is not allowed: one that
/// mixes public and private addresses is not a mistake to work around.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    allow: Arc<AllowList>,
    lookup: Arc<dyn Lookup>,
}

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Boxed<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (allow, host) = (Arc::clone(&self.allow), name.as_str().to_owned());
        let looking = self.lookup.lookup(host.clone());
        Box::pin(async move {
            let resolve = |detail| HttpError::Resolve {
                host: host.clone(),
                detail,
            };
            let found = looking.await.map_err(|error| resolve(error.to_string()))?;
            if found.is_empty() {
                return Err(resolve("it has no address".to_owned()).into());
            }
            for address in &found {
                guard(&allow, &host, *address)?;
            }
            // Port 0: the connector puts in the port of the request.
            let found: Vec<_> = found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            Ok(found.into_iter())
        })
    }
}

/// Makes TCP connections to what the allow-list allows.
#[derive(Clone)]
pub(super) struct GuardedConnector {
    allow: Arc<AllowList>,
    tcp: HttpConnector<GuardedResolver>,
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Boxed<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let allow = Arc::clone(&self.allow);
        let checked = allow.check(&uri).and_then(|()| {
            let host = uri.host().unwrap_or_default();
            match host.trim_matches(['[', ']']).parse() {
                Ok(literal) => guard(&allow, host, literal),
                Err(_) => Ok(()),
            }
        });
        let connecting = checked.map(|()| self.tcp.call(uri.clone()));
        Box::pin(async move {
            let stream = connecting?.await?;
            let peer = stream.inner().peer_addr()?;
            guard(&allow, uri.host().unwrap_or_default(), peer.ip())?;
            Ok(stream)
        })
    }
}

fn guard(allow: &AllowList, host: &str, address: IpAddr) -> Result<(), HttpError> {
    if allow.permits_address(host, address) {
        return Ok(());
    }
    Err(HttpError::PrivateAddress {
        host: host.to_owned(),
        address,
    })
}
