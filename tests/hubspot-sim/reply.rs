//! Answers, and HubSpot's error bodies.

use serde_json::{Value, json};

/// The body of an answer.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing (204).
    Empty,
    /// A JSON value.
    Json(Value),
    /// JSON text, written ahead.
    Text(String),
    /// A page.
    Html(String),
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Body,
    /// More headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// An answer with a JSON value.
    pub fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Body::Json(body),
            headers: Vec::new(),
        }
    }

    /// 200 with a JSON value.
    pub fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    /// An answer with JSON text.
    pub fn text(status: u16, body: String) -> Self {
        Self {
            status,
            body: Body::Text(body),
            headers: Vec::new(),
        }
    }

    /// 204.
    pub fn empty() -> Self {
        Self {
            status: 204,
            body: Body::Empty,
            headers: Vec::new(),
        }
    }

    /// An answer with a page.
    pub fn html(status: u16, page: String) -> Self {
        Self {
            status,
            body: Body::Html(page),
            headers: Vec::new(),
        }
    }

    /// 302.
    pub fn redirect(to: String) -> Self {
        Self {
            status: 302,
            body: Body::Empty,
            headers: vec![("location", to)],
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Sets a key of a JSON body.
    pub fn set(&mut self, key: &str, value: Value) {
        if let Body::Json(Value::Object(map)) = &mut self.body {
            map.insert(key.to_owned(), value);
        }
    }
}

/// HubSpot's usual error body. The correlation id is filled in by the server.
pub fn error(status: u16, category: &str, message: impl Into<String>) -> Reply {
    Reply::new(
        status,
        json!({"status": "error", "message": message.into(), "correlationId": "", "category": category}),
    )
}

/// 400 VALIDATION_ERROR.
pub fn invalid(message: impl Into<String>) -> Reply {
    error(400, "VALIDATION_ERROR", message)
}

/// 404 for a record or a path.
pub fn not_found() -> Reply {
    error(404, "OBJECT_NOT_FOUND", "resource not found")
}
