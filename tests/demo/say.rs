//! What the demo itself says, in four forms: a headline for each step, paragraphs,
//! the commands that it runs, and what it has found to be so. Each brings the empty line above it.

use std::io::Write as _;
use std::path::Path;

/// A line. Printing into a closed pipe (`| head`) is no error.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// A new step.
pub(crate) fn step(number: u32, headline: &str) {
    line(&format!("\n\n━━━ {number}. {headline}"));
}

/// What a reader should know.
pub(crate) fn paragraph(text: &str) {
    line(&format!("\n{text}"));
}

/// A command, as a person would type it.
pub(crate) fn command(words: &str) {
    line(&format!("\n$ halo-host {words}"));
}

/// What the demo has looked up itself.
pub(crate) fn checked(text: &str) {
    line(&format!("\n✓ {text}"));
}

/// As a shell wants it.
fn quoted(argument: &str) -> String {
    if argument.contains(' ') {
        format!("\"{argument}\"")
    } else {
        argument.to_owned()
    }
}

/// An error as one sentence, without the stop.
pub(crate) fn sentence(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    format!("{}.", text.trim_end_matches('.'))
}

/// What happens next, and where.
pub(crate) fn welcome(folder: &Path) {
    line(
        "From HubSpot into Halo: the real programs, and a simulated HubSpot on this machine.\n\
         It needs no account, and some 20 seconds once everything is built. A line that\n\
         starts with $ is a command that is run as it stands there; for one with ✓ the demo\n\
         has looked itself, and ends with an error if it is not so.",
    );
    paragraph(&format!(
        "All that the demo leaves is the folder {}.",
        folder.display()
    ));
}

/// What is left.
pub(crate) fn farewell(folder: &Path) {
    let config = folder.join("halo.toml").display().to_string();
    line("\n\n━━━ That was the demo");
    paragraph(&format!(
        "It left the folder {}; remove it when you like.\n\
         Until then its records and its journal can be looked at, for example with",
        folder.display()
    ));
    paragraph(&format!(
        "  cargo halo-host --config {} records customer",
        quoted(&config)
    ));
}
