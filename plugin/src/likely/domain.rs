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

/// Where anybody may have a page: people enter the page's address as a website, and what is
/// kept of it is the host. Their subdomains are countries, languages and services
/// (de.linkedin.com, sites.google.com), so these say nothing, either.
const NETWORKS: &[&str] = &[
    "etsy.com",
    "facebook.com",
    "fb.com",
    "fb.me",
    "github.com",
    "goo.gl",
    "google.com",
    "instagram.com",
    "linkedin.com",
    "linktr.ee",
    "pinterest.com",
    "t.me",
    "tiktok.com",
    "twitter.com",
    "vk.com",
    "wa.me",
    "x.com",
    "xing.com",
    "yelp.com",
    "youtu.be",
    "youtube.com",
];

/// Makers of sites: each customer of theirs has a subdomain, which says as much as a domain
/// of its own does. They themselves, and what all share, say nothing.
const BUILDERS: &[&str] = &[
    "blogspot.com",
    "business.site",
    "editorx.io",
    "github.io",
    "godaddysites.com",
    "jimdo.com",
    "jimdofree.com",
    "jimdosite.com",
    "myshopify.com",
    "netlify.app",
    "square.site",
    "squarespace.com",
    "strikingly.com",
    "tumblr.com",
    "webflow.io",
    "webnode.com",
    "weebly.com",
    "wix.com",
    "wixsite.com",
    "wordpress.com",
];

/// The domain of what people enter as one, or as a website; nothing for what is none, and
/// for a host that many share: a provider of mail, a social network, a maker of sites.
pub fn domain(text: &str) -> Option<String> {
    let folded = fold(text);
    let behind = folded.split_once("://").map_or(&*folded, |(_, rest)| rest);
    let host = behind.split(['/', '?', '#', ':', ' ']).next()?;
    let host = host.trim_end_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    (host.contains('.') && !is_shared(host)).then(|| host.to_owned())
}

fn is_shared(host: &str) -> bool {
    let is_of = |network: &&str| {
        let before = host.strip_suffix(*network);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    FREE_MAIL.contains(&host) || BUILDERS.contains(&host) || NETWORKS.iter().any(is_of)
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

    #[test]
    fn a_page_at_a_social_network_says_nothing_in_whatever_country() {
        for text in [
            "https://www.facebook.com/acme",
            "m.facebook.com",
            "https://de.linkedin.com/company/acme/",
            "x.com/acme",
            "sites.google.com/view/acme",
            "linktr.ee/acme",
            "HTTPS://YouTube.com/@acme",
        ] {
            assert_eq!(domain(text), None, "{text}");
        }
        for text in ["netflix.com", "xx.com", "x.com.example", "myfacebook.com"] {
            assert_eq!(domain(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_site_at_a_maker_of_sites_is_the_whole_host() {
        for text in ["wixsite.com", "www.wordpress.com", "https://github.io/"] {
            assert_eq!(domain(text), None, "{text}");
        }
        for (text, whole) in [
            ("https://acme.wixsite.com/home", "acme.wixsite.com"),
            ("acme.github.io", "acme.github.io"),
            ("www.acme.myshopify.com", "acme.myshopify.com"),
        ] {
            assert_eq!(domain(text).as_deref(), Some(whole), "{text}");
        }
        assert_ne!(domain("acme.business.site"), domain("zenith.business.site"));
    }
}
