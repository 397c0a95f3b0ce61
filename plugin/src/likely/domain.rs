//! Domains of companies and of customers.

use crate::field::fold;

/// Whose addresses anybody may have: that two companies have one says nothing.
const FREE_MAIL: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "bluewin.ch",
    "btinternet.com",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rocketmail.com",
    "sky.com",
    "t-online.de",
    "telenet.be",
    "wanadoo.fr",
    "web.de",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// The domain of what people enter as one, or as a website; nothing for what is none, and
/// for a provider of mail.
pub fn domain(text: &str) -> Option<String> {
    let folded = fold(text);
    let behind = folded.split_once("://").map_or(&*folded, |(_, rest)| rest);
    let host = behind.split(['/', '?', '#', ':', ' ']).next()?;
    let host = host.trim_end_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    (host.contains('.') && !FREE_MAIL.contains(&host)).then(|| host.to_owned())
}

/// The values to ask for.
pub fn spellings(domain: &str) -> [String; 2] {
    [domain.to_owned(), format!("www.{domain}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_the_same_with_www_in_capitals_and_as_a_website() {
        for text in [
            "acme.com",
            " WWW.Acme.com",
            "https://www.acme.com/about?x#y",
            "http://acme.com:8080",
            "acme.com.",
        ] {
            assert_eq!(domain(text).as_deref(), Some("acme.com"), "{text}");
        }
        assert_ne!(domain("shop.acme.com"), domain("acme.com"));
    }

    #[test]
    fn a_provider_of_mail_and_what_is_no_domain_say_nothing() {
        for text in [
            "gmail.com",
            "www.GMX.de",
            "https://web.de/",
            "acme",
            "",
            "-",
        ] {
            assert_eq!(domain(text), None, "{text}");
        }
        assert!(domain("notgmail.com").is_some());
    }
}
