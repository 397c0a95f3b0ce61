//! What is around every page: its head, who looks, and the way to all others.

use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::gate::{TOKEN, Viewer};
use crate::connection::Connection;

/// The page of one connector, as far as its frame needs it.
pub(super) struct Around<'a> {
    /// Who looks.
    pub(super) viewer: &'a Viewer,
    /// Whose page it is; nothing for those of the host.
    pub(super) connection: Option<&'a Connection>,
    /// The tab that is open.
    pub(super) tab: &'a str,
}

/// Tabs that every connector has, around those of its description.
pub(super) const OVERVIEW: &str = "overview";
pub(super) const ACTIVITY: &str = "activity";
pub(super) const HISTORY: &str = "history";

/// The address of a tab.
pub(super) fn tab_address(connector: &str, tab: &str) -> String {
    match tab {
        OVERVIEW => format!("/admin/{connector}"),
        ACTIVITY => format!("/admin/{connector}/activity"),
        HISTORY => format!("/admin/{connector}/history"),
        tab => format!("/admin/{connector}/settings/{tab}"),
    }
}

/// A page within its frame.
pub(super) fn page(around: &Around<'_>, title: &str, content: &Markup) -> Markup {
    let of = around
        .connection
        .map(|connection| connection.description.name.as_str());
    let whole = match of {
        Some(name) => format!("{title} · {name}"),
        None => title.to_owned(),
    };
    document(
        &whole,
        &html! {
            a.skip href="#content" { "Skip to the content" }
            header.top {
                a.brand href="/admin" { "Halo" span { " integrations" } }
                @if around.viewer.is_signed_in() {
                    form.who method="post" action="/admin/log-out" {
                        (token(around.viewer))
                        span { "Signed in as " strong { (around.viewer.name()) } }
                        button.quiet { "Sign out" }
                    }
                } @else {
                    span.who { "At this machine, without a sign-in" }
                }
            }
            @if let Some(connection) = around.connection {
                nav.tabs aria-label=(connection.description.name) {
                    p.crumb {
                        a href="/admin" { "Integrations" } " / "
                        strong { (called(connection)) }
                    }
                    ul {
                        @for (tab, label) in tabs(connection) {
                            li {
                                a href=(tab_address(&connection.name, tab))
                                    aria-current=[(tab == around.tab).then_some("page")] { (label) }
                            }
                        }
                    }
                }
            }
            main id="content" tabindex="-1" {
                h1 { (title) }
                (content)
            }
        },
    )
}

/// What a connector is called where others of its kind may be: two of them are told apart
/// by their names in the configuration.
pub(super) fn called(connection: &Connection) -> String {
    let (what, name) = (&connection.description.name, &connection.name);
    if what.eq_ignore_ascii_case(name) {
        what.clone()
    } else {
        format!("{what} ({name})")
    }
}

/// All tabs of a connector: their names, and what people read.
fn tabs(connection: &Connection) -> Vec<(&str, &str)> {
    let own = connection.description.tabs.iter();
    let own = own.map(|tab| (tab.name.as_str(), tab.label.as_str()));
    std::iter::once((OVERVIEW, "Overview"))
        .chain(own)
        .chain([(ACTIVITY, "Activity"), (HISTORY, "History")])
        .collect()
}

/// A page without a frame, for those who are not in yet.
pub(super) fn bare(title: &str, content: &Markup) -> Markup {
    document(
        title,
        &html! {
            main.bare id="content" {
                p.faint { "Halo integrations" }
                h1 { (title) }
                (content)
            }
        },
    )
}

fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Halo" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(assets::STYLE.address());
                script src=(assets::SCRIPT.address()) defer {}
            }
            body { (body) }
        }
    }
}

/// What makes a form one of this session.
pub(super) fn token(viewer: &Viewer) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(viewer.token()); }
}

/// The head of a column of boxes, with one that ticks all of the page where there is a
/// script.
pub(super) fn tick_all() -> Markup {
    html! {
        span.hidden { "Choose" }
        label.check data-tick-all hidden { input type="checkbox"; span.hidden { "Tick all on this page" } }
    }
}

/// A button that does one thing.
pub(super) fn button(viewer: &Viewer, address: &str, label: &str, class: &str) -> Markup {
    html! {
        form.inline method="post" action=(address) {
            (token(viewer))
            button class=(class) { (label) }
        }
    }
}

/// What kind of news a notice brings.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tone {
    Good,
    Warning,
    Bad,
}

/// A sentence that people should see.
pub(super) fn notice(tone: Tone, content: &Markup) -> Markup {
    let (class, role) = match tone {
        Tone::Good => ("notice good", "status"),
        Tone::Warning => ("notice warning", "note"),
        Tone::Bad => ("notice bad", "alert"),
    };
    html! { div class=(class) role=(role) { (content) } }
}

/// A state as a word with a colour.
pub(super) fn badge(word: &str, tone: Option<Tone>) -> Markup {
    let class = match tone {
        Some(Tone::Good) => "badge good",
        Some(Tone::Warning) => "badge warning",
        Some(Tone::Bad) => "badge bad",
        None => "badge",
    };
    html! { span class=(class) { (word) } }
}
