//! The style and the script of the pages, in the program itself.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::problem::Problem;

/// A file that browsers may keep: its address changes with its content.
#[derive(Debug)]
pub(super) struct Asset {
    name: String,
    content_type: &'static str,
    content: &'static str,
}

/// How pages look.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("css", "text/css", include_str!("assets/style.css")));
/// What makes them handier; without it all of them work.
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("js", "text/javascript", include_str!("assets/page.js")));

impl Asset {
    fn new(suffix: &str, content_type: &'static str, content: &'static str) -> Asset {
        let digest = Sha256::digest(content);
        let mark: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Asset {
            name: format!("{mark}.{suffix}"),
            content_type,
            content,
        }
    }

    pub(super) fn address(&self) -> String {
        format!("/admin/assets/{}", self.name)
    }
}

/// One of them.
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let asset = [&*STYLE, &*SCRIPT]
        .into_iter()
        .find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| Problem::not_found("There is no such file."))?;
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content).into_response())
}
