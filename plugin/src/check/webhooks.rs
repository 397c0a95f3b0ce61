//! Problems of `/webhooks`: what HubSpot sends must be told from what anybody else does.

use crate::contract::exports::halo::integration::connector::{Problem, Severity};
use crate::settings::Webhooks;

use super::problem;

/// Where HubSpot calls.
const PUBLIC_URL: &str = "/webhooks/public-url";

/// All of them; `has_secret` is whether the app's client secret is granted.
pub fn problems(webhooks: &Webhooks, has_secret: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut say = |path: &str, severity, code: &str, message: &str| {
        found.push(problem(path, severity, code, message.to_owned()));
    };
    match webhooks.public_url.as_deref() {
        Some(url) if url.starts_with("https://") => {}
        Some(url) if url.starts_with("http://") => say(
            PUBLIC_URL,
            Severity::Warning,
            "address",
            "HubSpot calls addresses with https only; this one is good for tests.",
        ),
        Some(_) => say(
            PUBLIC_URL,
            Severity::Error,
            "address",
            "This is no address; it must start with https://.",
        ),
        None if webhooks.any() => say(
            PUBLIC_URL,
            Severity::Error,
            "settings",
            "A webhook switch is on, and HubSpot signs the address that it calls. Set public-url to the target URL of the HubSpot app.",
        ),
        None => {}
    }
    if webhooks.any() && !has_secret {
        say(
            "/webhooks",
            Severity::Error,
            "settings",
            "A webhook switch is on, and nobody can tell HubSpot's events from others without the app's secret. Add `client-secret` to the configuration.",
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(url: Option<&str>, deals: bool, has_secret: bool) -> Vec<(String, Severity)> {
        let webhooks = Webhooks {
            public_url: url.map(str::to_owned),
            deals,
            ..Webhooks::default()
        };
        let found = problems(&webhooks, has_secret).into_iter();
        found.map(|found| (found.path, found.severity)).collect()
    }

    #[test]
    fn s62_a_switch_needs_an_address_and_the_secret_that_it_is_signed_with() {
        assert_eq!(paths(None, false, false), []);
        let address = "https://halo.example/webhooks";
        assert_eq!(paths(Some(address), true, true), []);
        let place = |path: &str, severity| (path.to_owned(), severity);
        let none = paths(None, true, false);
        let all = [
            place(PUBLIC_URL, Severity::Error),
            place("/webhooks", Severity::Error),
        ];
        assert_eq!(none, all);
        let plain = paths(Some("http://127.0.0.1:1/w"), true, true);
        assert_eq!(plain, [place(PUBLIC_URL, Severity::Warning)]);
        let no_address = paths(Some("halo.example"), false, true);
        assert_eq!(no_address, [place(PUBLIC_URL, Severity::Error)]);
    }
}
