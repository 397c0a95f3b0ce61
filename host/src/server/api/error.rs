//! Refusals in the shapes that clients of Halo's API know: a map from places to
//! sentences for what is wrong with a body, `error` and `error_description` for
//! tokens, `Message` for all else.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::edits::{EditError, Problem};
use crate::store::StoreError;

/// Why a request was not served.
#[derive(Debug)]
pub(super) enum ApiError {
    /// What is wrong, by its place in the body or the name of the parameter.
    Wrong(BTreeMap<String, String>),
    /// The token is none, or is over. A client gets a new one and repeats.
    Token(&'static str),
    /// An error of the token address: status, code and sentence.
    OAuth(StatusCode, &'static str, String),
    /// Anything else, as a sentence.
    Plain(StatusCode, String),
}

impl ApiError {
    /// One thing that is wrong.
    pub(super) fn wrong(place: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError::Wrong([(place.into(), message.into())].into())
    }

    /// There is no such thing.
    pub(super) fn not_found(message: impl Into<String>) -> ApiError {
        ApiError::Plain(StatusCode::NOT_FOUND, message.into())
    }
}

impl From<Vec<Problem>> for ApiError {
    fn from(problems: Vec<Problem>) -> ApiError {
        let mut all = BTreeMap::new();
        for problem in problems {
            // The first of a place: it is what a person mends first.
            all.entry(problem.place).or_insert(problem.failure.message);
        }
        ApiError::Wrong(all)
    }
}

impl From<EditError> for ApiError {
    fn from(error: EditError) -> ApiError {
        match error {
            EditError::Refused(problems) => problems.into(),
            EditError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        let status = match error {
            StoreError::Unavailable { .. } | StoreError::Full { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            StoreError::TooLarge => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        tracing::error!(%error, "the records API could not use the store");
        ApiError::Plain(status, error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            ApiError::Wrong(map) => answer(StatusCode::BAD_REQUEST, &json!(map)),
            ApiError::Token(message) => {
                let body = json!({ "error": "invalid_token", "error_description": message });
                let mut response = answer(StatusCode::UNAUTHORIZED, &body);
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer error=\"invalid_token\""),
                );
                response
            }
            ApiError::OAuth(status, code, message) => answer(
                status,
                &json!({ "error": code, "error_description": message }),
            ),
            ApiError::Plain(status, message) => answer(status, &json!({ "Message": message })),
        }
    }
}

/// A JSON document that nobody keeps.
pub(super) fn answer(status: StatusCode, document: &serde_json::Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, document.to_string()).into_response()
}
