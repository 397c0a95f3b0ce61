//! Which addresses a connector may reach: the list that the administrator wrote.
//! An entry is a host, with an optional port and scheme; nothing else is granted.

use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;

use super::address::is_public;
use super::error::HttpError;

/// Why an entry of the list cannot be used; one sentence that names the entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The allowed address {entry:?} cannot be used: {why}. Write it like api.example.com, *.example.com, api.example.com:8443 or http://127.0.0.1:8080."
)]
pub struct AllowError {
    /// As it was written.
    pub entry: String,
    /// What is wrong.
    pub why: &'static str,
}

/// The addresses that a connector may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    schemes: Schemes,
    host: Pattern,
    /// Without one, the scheme's own port.
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Schemes {
    Http,
    Https,
    /// For this machine itself, where nobody listens in between.
    Either,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Name(String),
    /// Any name under this one (`.example.com`), not the name itself.
    Under(String),
    Localhost,
    Address(IpAddr),
}

impl AllowList {
    /// Reads the entries of the configuration:
    ///
    /// | entry | grants |
    /// |---|---|
    /// | `api.example.com` | that host by https on port 443 |
    /// | `*.example.com` | every name under it, at any depth, not `example.com` |
    /// | `api.example.com:8443` | that port only |
    /// | `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` | this machine, by http or https |
    /// | `http://intranet.example.com` | http only, port 80 |
    ///
    /// A name must resolve to public addresses only; a host inside the own network
    /// is granted by its IP address.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, AllowError> {
        let parsed = entries.iter().map(|entry| {
            let entry = entry.as_ref();
            parse_entry(entry).map_err(|why| AllowError {
                entry: entry.to_owned(),
                why,
            })
        });
        Ok(Self {
            entries: parsed.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a request to this address may be made. Names are looked up later, and
    /// what they resolve to is asked of [`permits_address`](Self::permits_address).
    pub fn check(&self, uri: &Uri) -> Result<(), HttpError> {
        let authority = uri
            .authority()
            .ok_or_else(|| HttpError::Protocol("the address names no host".to_owned()))?;
        if authority.as_str().contains('@') {
            let why = "an address may not carry a user name or password";
            return Err(HttpError::Protocol(why.to_owned()));
        }
        let https = match uri.scheme() {
            Some(s) if *s == Scheme::HTTPS => true,
            Some(s) if *s == Scheme::HTTP => false,
            _ => {
                return Err(HttpError::Scheme {
                    address: authority.to_string(),
                });
            }
        };
        let own_port = if https { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(own_port);
        let host = Host::of(uri.host().unwrap_or_default());
        let mut right_host = self.entries.iter().filter(|entry| {
            entry.host.matches(&host) && entry.port.map_or(port == own_port, |p| p == port)
        });
        if right_host.clone().next().is_none() {
            // The right host by the wrong scheme has the wrong default port too.
            let other_scheme = self.entries.iter().any(|entry| {
                entry.host.matches(&host) && !entry.schemes.permit(https) && uri.port().is_none()
            });
            return Err(if other_scheme {
                HttpError::Scheme {
                    address: authority.to_string(),
                }
            } else {
                HttpError::Forbidden {
                    host: authority.to_string(),
                }
            });
        }
        if right_host.any(|entry| entry.schemes.permit(https)) {
            Ok(())
        } else {
            Err(HttpError::Scheme {
                address: authority.to_string(),
            })
        }
    }

    /// Whether a connection for `host` may go to this address: an entry that is an
    /// IP address grants just that address, `localhost` grants loopback, and a name
    /// grants public addresses only, so that DNS cannot lead inside.
    pub fn permits_address(&self, host: &str, address: IpAddr) -> bool {
        let host = Host::of(host);
        self.entries
            .iter()
            .filter(|entry| entry.host.matches(&host))
            .any(|entry| match &entry.host {
                Pattern::Name(_) | Pattern::Under(_) => is_public(address),
                Pattern::Localhost => address.is_loopback(),
                Pattern::Address(own) => *own == address,
            })
    }
}

/// The host of a request, in the form that entries are compared with.
enum Host {
    Name(String),
    Address(IpAddr),
}

impl Host {
    fn of(text: &str) -> Self {
        let bare = text
            .strip_prefix('[')
            .and_then(|t| t.strip_suffix(']'))
            .unwrap_or(text);
        match bare.parse() {
            Ok(address) => Self::Address(address),
            Err(_) => Self::Name(text.to_ascii_lowercase()),
        }
    }
}

impl Pattern {
    fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Name(own), Host::Name(name)) => own == name,
            (Self::Under(parent), Host::Name(name)) => name
                .strip_suffix(parent.as_str())
                .is_some_and(|label| !label.is_empty()),
            (Self::Localhost, Host::Name(name)) => name == "localhost",
            (Self::Address(own), Host::Address(address)) => own == address,
            _ => false,
        }
    }

    fn is_this_machine(&self) -> bool {
        match self {
            Self::Localhost => true,
            Self::Address(address) => address.is_loopback(),
            Self::Name(_) | Self::Under(_) => false,
        }
    }
}

impl Schemes {
    fn permit(self, https: bool) -> bool {
        match self {
            Self::Either => true,
            Self::Https => https,
            Self::Http => !https,
        }
    }
}

fn parse_entry(entry: &str) -> Result<Entry, &'static str> {
    let (scheme, rest) = match entry.split_once("://") {
        Some(("http", rest)) => (Some(Schemes::Http), rest),
        Some(("https", rest)) => (Some(Schemes::Https), rest),
        Some(_) => return Err("the scheme must be http or https"),
        None => (None, entry),
    };
    let rest = if scheme.is_some() {
        rest.strip_suffix('/').unwrap_or(rest)
    } else {
        rest
    };
    if rest.contains(['/', '?', '#', '@', '\\']) || rest.contains(char::is_whitespace) {
        return Err("only a scheme, a host and a port can be given");
    }
    let (host, port) = split_port(rest)?;
    let host = parse_host(host)?;
    let default = if host.is_this_machine() {
        Schemes::Either
    } else {
        Schemes::Https
    };
    Ok(Entry {
        schemes: scheme.unwrap_or(default),
        host,
        port,
    })
}

fn split_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(_) => {
            let end = text.find(']').ok_or("a bracket is not closed")?;
            let (host, rest) = text.split_at(end + 1);
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err("something follows the bracket"),
            }
        }
        None if text.matches(':').count() > 1 => {
            return Err("an IPv6 address is written in brackets");
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(number) if number > 0 && !text.starts_with('+') => Some(number),
            _ => return Err("the port must be a number from 1 to 65535"),
        },
    };
    Ok((host, port))
}

fn parse_host(text: &str) -> Result<Pattern, &'static str> {
    if let Some(inner) = text.strip_prefix('[') {
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        let address = inner.parse().map_err(|_| "this is no IPv6 address")?;
        return Ok(Pattern::Address(IpAddr::V6(address)));
    }
    if let Ok(address) = text.parse() {
        return Ok(Pattern::Address(IpAddr::V4(address)));
    }
    let lower = text.to_ascii_lowercase();
    if lower == "localhost" {
        return Ok(Pattern::Localhost);
    }
    let (name, wildcard) = match lower.strip_prefix("*.") {
        Some(name) => (name, true),
        None => (lower.as_str(), false),
    };
    check_name(name)?;
    if wildcard && !name.contains('.') {
        return Err("a wildcard needs at least two labels after it");
    }
    Ok(if wildcard {
        Pattern::Under(format!(".{name}"))
    } else {
        Pattern::Name(name.to_owned())
    })
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it names no host");
    }
    if !name.is_ascii() {
        return Err("a name with other letters is written in its xn-- form");
    }
    if name.contains('*') {
        return Err("a wildcard can only be the whole first label");
    }
    let good = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if name.len() > 253 || !name.split('.').all(good) {
        return Err("this is no host name");
    }
    // `2130706433` and `127.1` are names for us and 127.0.0.1 for the system.
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.starts_with("0x") || last.chars().all(|c| c.is_ascii_digit()) {
        return Err("this is neither a name nor a complete IP address");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> AllowList {
        AllowList::parse(entries).unwrap()
    }

    fn ask(entries: &[&str], uri: &str) -> Result<(), HttpError> {
        list(entries).check(&uri.parse().unwrap())
    }

    #[test]
    fn an_entry_grants_what_it_says_and_nothing_else() {
        let granted = |entry: &str, uri: &str| {
            assert!(ask(&[entry], uri).is_ok(), "{entry} should grant {uri}");
        };
        let refused = |entry: &str, uri: &str| {
            assert!(ask(&[entry], uri).is_err(), "{entry} should refuse {uri}");
        };
        granted("api.example.com", "https://api.example.com/x?y=1");
        granted("api.example.com", "https://API.Example.com:443/");
        granted("https://api.example.com/", "https://api.example.com/");
        refused("api.example.com", "https://api.example.com:8443/");
        refused("api.example.com", "https://example.com/");
        refused("api.example.com", "https://api.example.com.evil.org/");
        refused("api.example.com", "https://api.example.com./");
        refused("api.example.com", "https://u:p@api.example.com/");
        refused("api.example.com", "https://1.2.3.4/");
        granted("*.example.com", "https://a.example.com/");
        granted("*.example.com", "https://a.b.example.com/");
        refused("*.example.com", "https://example.com/");
        refused("*.example.com", "https://badexample.com/");
        granted("api.example.com:8443", "https://api.example.com:8443/");
        refused("api.example.com:8443", "https://api.example.com/");
        granted("http://in.example.com", "http://in.example.com/");
        refused("http://in.example.com", "https://in.example.com/");
        granted("127.0.0.1:8080", "http://127.0.0.1:8080/");
        granted("127.0.0.1:8080", "https://127.0.0.1:8080/");
        refused("127.0.0.1:8080", "http://127.0.0.1:8081/");
        refused("127.0.0.1:8080", "http://localhost:8080/");
        granted("[::1]:8080", "http://[::1]:8080/");
        granted("[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/");
        granted("localhost", "http://localhost/");
        granted("10.0.0.5", "https://10.0.0.5/");
        refused("10.0.0.5", "http://10.0.0.5/");
        granted("http://10.0.0.5:81", "http://10.0.0.5:81/");
    }

    #[test]
    fn the_right_host_by_the_wrong_scheme_is_called_that() {
        for (entry, uri) in [
            ("api.example.com", "http://api.example.com/"),
            ("api.example.com:8080", "http://api.example.com:8080/"),
            ("http://127.0.0.1:80", "https://127.0.0.1:80/"),
            ("api.example.com", "ftp://api.example.com/"),
        ] {
            let error = ask(&[entry], uri).unwrap_err();
            assert!(matches!(error, HttpError::Scheme { .. }), "{uri}: {error}");
        }
        let error = ask(&["a.example.com"], "http://b.example.com/").unwrap_err();
        assert!(matches!(error, HttpError::Forbidden { .. }), "{error}");
    }

    #[test]
    fn a_name_grants_public_addresses_only() {
        let permits = |entry: &str, host: &str, address: &str| {
            list(&[entry]).permits_address(host, address.parse().unwrap())
        };
        assert!(permits("api.example.com", "api.example.com", "1.1.1.1"));
        assert!(!permits("api.example.com", "api.example.com", "127.0.0.1"));
        assert!(!permits(
            "*.example.com",
            "x.example.com",
            "169.254.169.254"
        ));
        assert!(!permits("api.example.com", "other.example.com", "1.1.1.1"));
        assert!(permits("localhost:80", "localhost", "::1"));
        assert!(!permits("localhost:80", "localhost", "10.0.0.1"));
        assert!(permits("10.0.0.5", "10.0.0.5", "10.0.0.5"));
        assert!(!permits("10.0.0.5", "10.0.0.5", "10.0.0.6"));
        assert!(permits("[::1]", "[::1]", "::1"));
    }

    #[test]
    fn an_entry_that_cannot_be_used_is_named() {
        for entry in [
            "",
            "ftp://a.example.com",
            "a.example.com/path",
            "a.example.com:0",
            "a.example.com:99999",
            "a.example.com:",
            "user@a.example.com",
            "*",
            "*.com",
            "a.*.example.com",
            "*a.example.com",
            "::1",
            "[::1",
            "[::1]x",
            "[zz]",
            "bücher.example",
            "a..b",
            "-a.example.com",
            "2130706433",
            "127.1",
            "0x7f.0x1",
            "a b",
        ] {
            let error = AllowList::parse(&[entry]).unwrap_err().to_string();
            assert!(error.contains(&format!("{entry:?}")), "{error}");
        }
    }
}
