//! What holds for every page of the list in `kit/pages.rs`.

use halo_tests::kit::chromium::{NARROW, Scheme, WIDE, Window};
use halo_tests::kit::pages::{PAGES, Site};

use crate::{Desk, axe, program};

#[tokio::test(flavor = "multi_thread")]
async fn no_page_keeps_anybody_out_nor_breaks_its_own_policy() {
    let site = Site::open(program()).await.unwrap();
    let window = Window::open().await.unwrap();
    site.sign_in(&window).await.unwrap();
    let mut found = Vec::new();
    for (name, path) in PAGES {
        window.visit(&site.at(path)).await.unwrap();
        assert_eq!(window.path().await.unwrap(), *path, "{name} is elsewhere");
        found.extend(window.complaints().await.unwrap());
        axe::bring(&window).await;
        for scheme in [Scheme::Light, Scheme::Dark] {
            for size in [WIDE, NARROW] {
                window.show_in(scheme, size).await.unwrap();
                let how = format!("{name} ({path}), {scheme:?}, {} px", size.0);
                let barriers = axe::barriers(&window).await.into_iter();
                found.extend(barriers.map(|barrier| format!("{how}: {barrier}")));
                if is_too_wide(&window).await {
                    found.push(format!("{how}: it has to be scrolled sideways"));
                }
            }
        }
        found.extend(window.complaints().await.unwrap());
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// WCAG 1.4.10: what is wider scrolls within the page, not the page.
async fn is_too_wide(window: &Window) -> bool {
    let script = "return document.documentElement.scrollWidth > window.innerWidth";
    window.script(script).await.unwrap() == true
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_keep_somebody_out_is_found_in_each_scheme() {
    let desk = Desk::open().await;
    let window = &desk.window;
    desk.visit("/admin/log-in").await;
    axe::bring(window).await;
    window.show_in(Scheme::Dark, WIDE).await.unwrap();
    let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
    assert_eq!(window.script(dark).await.unwrap(), true);
    let spoil = "document.querySelector('h1').style.color = '#333'; document.querySelector('label').remove()";
    window.script(spoil).await.unwrap();
    let found = axe::barriers(window).await;
    assert_eq!(found.len(), 2, "{found:#?}");
    for rule in [
        "color-contrast (serious) at [\"h1\"]",
        "label (critical) at [\"#name\"]",
    ] {
        assert!(
            found.iter().any(|line| line.starts_with(rule)),
            "{found:#?}"
        );
    }
    let forbidden = "const script = document.createElement('script'); script.textContent = '1'; document.body.append(script)";
    window.script(forbidden).await.unwrap();
    let complaints = window.complaints().await.unwrap();
    assert!(
        complaints.concat().contains("Content Security Policy"),
        "{complaints:?}"
    );
}
