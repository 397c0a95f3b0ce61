//! A simulated Fernwhistle, the CRM that `tiny-crm/` is a connector for: three addresses
//! behind a bearer token, and whatever accounts a test puts there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Everything that a workspace has.
#[derive(Debug)]
struct Workspace {
    token: String,
    about: Value,
    accounts: Vec<Value>,
    /// Path of each request, oldest first.
    requests: Vec<String>,
}

type Shared = Arc<Mutex<Workspace>>;

/// A workspace that is served until this ends.
#[derive(Debug)]
pub struct TinyCrm {
    base_url: String,
    workspace: Shared,
    server: JoinHandle<()>,
}

impl Drop for TinyCrm {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl TinyCrm {
    /// A workspace without accounts, which lets in who has this token.
    pub async fn start(token: &str) -> anyhow::Result<TinyCrm> {
        let workspace = Shared::new(Mutex::new(Workspace {
            token: token.to_owned(),
            about: json!({ "id": "ws-1", "name": "Hedgerow" }),
            accounts: Vec::new(),
            requests: Vec::new(),
        }));
        let router = Router::new()
            .route("/v1/workspace", get(about))
            .route("/v1/fields", get(fields))
            .route("/v1/accounts", get(accounts))
            .layer(from_fn_with_state(workspace.clone(), check_token))
            .with_state(workspace.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(TinyCrm {
            base_url,
            workspace,
            server,
        })
    }

    /// Where it answers.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Puts an account there, in the place of one with the same `id`.
    pub fn put(&self, account: Value) {
        let mut workspace = locked(&self.workspace);
        workspace.accounts.retain(|one| one["id"] != account["id"]);
        workspace.accounts.push(account);
    }

    /// Gives the token to another workspace.
    pub fn become_workspace(&self, id: &str, name: &str) {
        locked(&self.workspace).about = json!({ "id": id, "name": name });
    }

    /// Takes another token from now on.
    pub fn change_token(&self, token: &str) {
        token.clone_into(&mut locked(&self.workspace).token);
    }

    /// The paths that were asked for since this was asked last.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.workspace).requests)
    }
}

fn locked(workspace: &Shared) -> MutexGuard<'_, Workspace> {
    workspace.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn check_token(State(workspace): State<Shared>, request: Request, next: Next) -> Response {
    let is_known = {
        let mut workspace = locked(&workspace);
        let path = request.uri().path().to_owned();
        workspace.requests.push(path);
        let wanted = format!("Bearer {}", workspace.token);
        let given = request.headers().get(header::AUTHORIZATION);
        given.is_some_and(|given| given.as_bytes() == wanted.as_bytes())
    };
    if is_known {
        return next.run(request).await;
    }
    let refusal = json!({ "error": "The token is not known." });
    (StatusCode::UNAUTHORIZED, Json(refusal)).into_response()
}

async fn about(State(workspace): State<Shared>) -> Json<Value> {
    Json(locked(&workspace).about.clone())
}

async fn fields() -> Json<Value> {
    let field = |name: &str, label: &str, type_name: &str| json!({ "name": name, "label": label, "type": type_name });
    let mut region = field("region", "Region", "choice");
    region["options"] = json!(["north", "south"]);
    Json(json!({ "fields": [
        field("name", "Name", "text"),
        field("website", "Website", "url"),
        field("phone", "Phone", "phone"),
        field("remark", "Remark", "memo"),
        field("employees", "Employees", "integer"),
        field("closed", "Closed", "checkbox"),
        region,
    ] }))
}

async fn accounts(State(workspace): State<Shared>) -> Json<Value> {
    let workspace = locked(&workspace);
    Json(json!({ "workspace": workspace.about, "accounts": workspace.accounts }))
}
