//! What chromedriver can beyond the WebDriver standard: a command of Chromium's own
//! protocol, and what the page has said to the console.

use fantoccini::wd::WebDriverCompatibleCommand;
use hyper::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// One `POST` below the address of the session.
#[derive(Debug)]
pub(super) struct Own {
    path: &'static str,
    body: Value,
}

impl Own {
    /// A command of the DevTools protocol.
    pub(super) fn devtools(command: &str, parameters: &Value) -> Own {
        Own {
            path: "goog/cdp/execute",
            body: json!({ "cmd": command, "params": parameters }),
        }
    }

    /// What the console has had since the last time.
    pub(super) fn console() -> Own {
        Own {
            path: "se/log",
            body: json!({ "type": "browser" }),
        }
    }
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
