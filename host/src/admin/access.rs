//! Who may see the admin page at all: plain decisions, without I/O.
//!
//! Without an administrator nobody signs in, which is right for a person alone at their
//! own machine and wrong everywhere else. So the page is open only where a request can
//! come from that machine alone: a loopback address to listen on, a name of it in the
//! `Host` header (a page elsewhere may have its own name lead to 127.0.0.1: DNS
//! rebinding), and no trace of a proxy, which would bring the whole world to loopback.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{FORWARDED, HOST, HeaderName, ORIGIN, REFERER, VIA};
use axum::http::{HeaderMap, Version};

/// What the configuration and the administrators that there are come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Who is at this machine may do everything.
    Open,
    /// Administrators sign in.
    Password,
    /// Nobody may, until there is an administrator.
    Closed,
}

/// By where the host listens and how it is reached.
pub(super) fn access(
    listen: SocketAddr,
    public_url: Option<&str>,
    has_administrators: bool,
) -> Access {
    let is_local = listen.ip().is_loopback() && public_url.is_none_or(is_local_url);
    match (has_administrators, is_local) {
        (true, _) => Access::Password,
        (false, true) => Access::Open,
        (false, false) => Access::Closed,
    }
}

fn is_local_url(url: &str) -> bool {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    is_local_authority(after_scheme.split('/').next().unwrap_or_default())
}

/// Whether a host, with or without a port, is this very machine.
fn is_local_authority(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_loopback = host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    is_loopback || host.eq_ignore_ascii_case("localhost")
}

/// Whether a request was sent at this machine to a name of this machine. A proxy may hide
/// itself: but it speaks HTTP/1.0 (as many do to what is behind them), or the browser says
/// in `Origin` or `Referer` at what address it is.
pub(super) fn is_local(headers: &HeaderMap, version: Version) -> bool {
    const OF_PROXIES: [&str; 3] = ["x-forwarded-for", "x-forwarded-host", "x-real-ip"];
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    text(HOST).is_some_and(is_local_authority)
        && [ORIGIN, REFERER]
            .into_iter()
            .all(|name| text(name).is_none_or(is_local_url))
        && version >= Version::HTTP_11
        && !headers.contains_key(FORWARDED)
        && !headers.contains_key(VIA)
        && OF_PROXIES.iter().all(|name| !headers.contains_key(*name))
}

/// Whether a browser says that a page of somebody else sends this request. One that says
/// nothing is old, or no browser; the token of the form is asked for in any case.
pub(super) fn is_cross_site(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(is_foreign) = is_of_foreign_site(headers) {
        return is_foreign;
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").map(|(_, authority)| authority) != Some(host)
        }
        _ => false,
    }
}

/// Whether a browser loads this for a part of somebody else's page: such a page would not see
/// the answer, but could have this host work for it. Who follows a link loads a document.
pub(super) fn is_embedded_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    is_of_foreign_site(headers) == Some(true) && text("sec-fetch-dest") != Some("document")
}

/// Whether a page of another site asks, where the browser says so.
fn is_of_foreign_site(headers: &HeaderMap) -> Option<bool> {
    let site = headers.get("sec-fetch-site")?.to_str().ok()?;
    Some(!matches!(site, "same-origin" | "none"))
}

/// A path of the admin page to go on to after signing in; anything else is not followed,
/// so that no link to this page leads elsewhere.
pub(super) fn path_after(asked: &str) -> &str {
    let is_ours = asked == "/admin" || asked.starts_with("/admin/");
    let is_plain = asked.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if is_ours && is_plain && !asked.contains("//") {
        asked
    } else {
        "/admin"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_leads_here_from_elsewhere() {
        let embedded = |site: &'static str, dest: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("sec-fetch-site", site.parse().unwrap());
            headers.insert("sec-fetch-dest", dest.parse().unwrap());
            is_embedded_elsewhere(&headers)
        };
        assert!(!embedded("cross-site", "document") && !embedded("none", "document"));
        assert!(!embedded("same-origin", "empty") && !is_embedded_elsewhere(&HeaderMap::new()));
        for dest in ["image", "iframe", "script", "empty"] {
            assert!(
                embedded("cross-site", dest) && embedded("same-site", dest),
                "{dest}"
            );
        }
    }

    #[test]
    fn without_an_administrator_only_this_machine_is_open() {
        let of = |listen: &str, url, has| access(listen.parse().unwrap(), url, has);
        assert_eq!(of("127.0.0.1:8085", None, false), Access::Open);
        assert_eq!(of("[::1]:8085", None, false), Access::Open);
        let local = Some("http://localhost:8085");
        assert_eq!(of("127.0.0.1:8085", local, false), Access::Open);
        let public = Some("https://halo.example.com");
        assert_eq!(of("127.0.0.1:8085", public, false), Access::Closed);
        assert_eq!(of("0.0.0.0:8085", None, false), Access::Closed);
        assert_eq!(of("192.168.1.4:8085", local, false), Access::Closed);
        for (listen, url) in [("0.0.0.0:8085", None), ("127.0.0.1:8085", public)] {
            assert_eq!(of(listen, url, true), Access::Password);
        }
        assert_eq!(of("127.0.0.1:8085", None, true), Access::Password);
    }

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = of.iter().map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        pairs.collect()
    }

    fn local(of: &[(&'static str, &str)]) -> bool {
        is_local(&headers(of), Version::HTTP_11)
    }

    #[test]
    fn a_proxy_that_hides_itself_is_known_by_what_the_browser_says() {
        let host = ("host", "127.0.0.1:8085");
        assert!(local(&[host, ("referer", "http://localhost:8085/admin")]));
        assert!(!local(&[
            host,
            ("referer", "https://halo.example.com/admin")
        ]));
        assert!(!local(&[host, ("origin", "https://halo.example.com")]));
        assert!(!local(&[host, ("origin", "null")]));
        assert!(!is_local(&headers(&[host]), Version::HTTP_10));
    }

    #[test]
    fn a_name_that_leads_here_and_a_proxy_are_not_this_machine() {
        for host in ["127.0.0.1:8085", "localhost", "LOCALHOST:1", "[::1]:8085"] {
            assert!(local(&[("host", host)]), "{host}");
        }
        for host in ["evil.example.com:8085", "127.0.0.1.evil.example.com", ""] {
            assert!(!local(&[("host", host)]), "{host}");
        }
        assert!(!local(&[]));
        for name in ["x-forwarded-for", "x-real-ip", "forwarded", "via"] {
            let proxied = [("host", "127.0.0.1:8085"), (name, "1")];
            assert!(!local(&proxied), "{name}");
        }
    }

    #[test]
    fn a_form_on_a_page_of_somebody_else_is_known() {
        let host = ("host", "127.0.0.1:8085");
        let cases: [(&[(&'static str, &str)], bool); 7] = [
            (&[host], false),
            (&[host, ("sec-fetch-site", "same-origin")], false),
            (&[host, ("sec-fetch-site", "none")], false),
            (&[host, ("sec-fetch-site", "cross-site")], true),
            (&[host, ("sec-fetch-site", "same-site")], true),
            (&[host, ("origin", "http://127.0.0.1:8085")], false),
            (&[host, ("origin", "http://evil.example.com")], true),
        ];
        for (of, expected) in cases {
            assert_eq!(is_cross_site(&headers(of)), expected, "{of:?}");
        }
        assert!(is_cross_site(&headers(&[host, ("origin", "null")])));
    }

    #[test]
    fn after_signing_in_one_goes_nowhere_else() {
        assert_eq!(path_after("/admin/crm/runs/3?a=b"), "/admin/crm/runs/3?a=b");
        for wrong in [
            "",
            "/",
            "//evil.example.com",
            "/admin//evil",
            "/adminx",
            "https://evil.example.com/admin/",
            "/admin/\\evil",
            "/admin/\nx",
        ] {
            assert_eq!(path_after(wrong), "/admin", "{wrong}");
        }
    }
}
