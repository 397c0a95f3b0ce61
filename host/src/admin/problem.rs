//! What cannot be shown or done: a page with one clear sentence, and a line in the log.

use axum::extract::rejection::FormRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;

use super::administrators::AdministratorError;
use super::frame;
use crate::connection::ConnectionError;
use crate::host::OpenError;
use crate::store::StoreError;

/// Why there is no page, or nothing was done.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    title: &'static str,
    sentence: String,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, sentence: impl Into<String>) -> Problem {
        Problem {
            status,
            title,
            sentence: sentence.into(),
        }
    }

    /// Nobody may come in yet.
    pub(super) fn closed() -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "The admin page is closed",
            "This host can be reached from elsewhere and has no administrator yet. Make one where it runs: halo-host administrator set NAME.",
        )
    }

    /// It came from elsewhere, and nobody signs in here.
    pub(super) fn not_local() -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "The admin page is for this machine",
            "Without an administrator it is shown at http://localhost or http://127.0.0.1 of this machine alone, and through no proxy. Make one where it runs: halo-host administrator set NAME.",
        )
    }

    /// The session has ended.
    pub(super) fn signed_out() -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "Signed out",
            "Your session has ended, and nothing was saved. Go back to copy what you had typed, and sign in again.",
        )
    }

    /// A form that was not made by this session.
    pub(super) fn foreign_form() -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "Not taken",
            "This form was not made by this page, or before you signed in; nothing was done. Load the page again and repeat it there.",
        )
    }

    /// Asked for by a page of somebody else, for a part of itself.
    pub(super) fn embedded() -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "Not shown there",
            "This page is not shown as a part of another one; nothing was done. Open it by its address.",
        )
    }

    /// It cannot be read.
    pub(super) fn of_form(rejection: &FormRejection) -> Problem {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
            _ => Problem::unreadable_form(),
        }
    }

    pub(super) fn too_large() -> Problem {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Too large",
            format!(
                "A form may have {} MB at most, and a sign-in {} kB; nothing was saved.",
                super::FORM / (1024 * 1024),
                super::log_in::FORM / 1024
            ),
        )
    }

    pub(super) fn unreadable_form() -> Problem {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "Not understood",
            "What was sent is not what a form of this page sends; nothing was done.",
        )
    }

    /// In the place of an answer that says in no words what is wrong, or in those of a
    /// program: such are made before a request comes to any page.
    pub(super) fn instead_of(answer: Response) -> Response {
        let is_wrong = answer.status().is_client_error() || answer.status().is_server_error();
        let kind = answer.headers().get(header::CONTENT_TYPE);
        let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if !is_wrong || is_page {
            return answer;
        }
        let sentence = "There is no page at this address, or none that is asked for in this way; nothing was done.";
        let mut page = Problem::new(answer.status(), "Not understood", sentence).into_response();
        if let Some(allow) = answer.headers().get(header::ALLOW) {
            page.headers_mut().insert(header::ALLOW, allow.clone());
        }
        page
    }

    /// There is no such page.
    pub(super) fn not_found(sentence: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "Not found", sentence)
    }

    /// It cannot be done as things are.
    pub(super) fn refused(sentence: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "Not done", sentence)
    }

    fn failed(error: &dyn std::fmt::Display) -> Problem {
        tracing::error!(%error, "a page could not be shown");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "That failed",
            error.to_string(),
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content = html! {
            p { (self.sentence) }
            p { a href="/admin" { "To the integrations" } }
        };
        (self.status, frame::bare(self.title, &content)).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        Problem::failed(&error)
    }
}

impl From<AdministratorError> for Problem {
    fn from(error: AdministratorError) -> Problem {
        Problem::failed(&error)
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Problem {
        Problem::failed(&error)
    }
}

impl From<ConnectionError> for Problem {
    fn from(error: ConnectionError) -> Problem {
        match error {
            ConnectionError::Failed(_) | ConnectionError::Lane(_) | ConnectionError::Asked(_) => {
                Problem::refused(error.to_string())
            }
            ConnectionError::Call(_) | ConnectionError::Store(_) => Problem::failed(&error),
        }
    }
}
