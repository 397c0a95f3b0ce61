//! What a token stands for and how it ends: introspection, token information (v1),
//! revocation, removal of the app.

use serde_json::{Value, json};

use super::account::Account;
use super::oauth::Tokens;
use super::reply::{Reply, error};
use super::request::Request;

impl Account {
    /// `POST /oauth/{version}/token/introspect`.
    pub fn introspect(&self, request: &Request) -> Result<Reply, Reply> {
        let form = request.fields();
        let field = |name: &str| {
            form.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        self.check_client(&field)?;
        let token = ["token", "access_token", "refresh_token"]
            .into_iter()
            .map(field)
            .find(|token| !token.is_empty());
        Ok(Reply::ok(
            token
                .and_then(|token| self.describe(&token))
                .unwrap_or_else(|| json!({"active": false})),
        ))
    }

    fn describe(&self, token: &str) -> Option<Value> {
        let now = self.clock.now_ms();
        let (scopes, kind, expires_ms) = match self.tokens.access.get(token) {
            Some(access) if access.expires_ms > now => {
                (&access.scopes, "access_token", Some(access.expires_ms))
            }
            Some(_) => return None,
            None => (self.tokens.refresh.get(token)?, "refresh_token", None),
        };
        let scopes = self.held(scopes);
        let mut body = json!({
            "active": true,
            "token": token,
            "hub_id": self.options.portal_id,
            "user_id": self.identity.user_id,
            "client_id": self.identity.client_id,
            "app_id": self.identity.app_id,
            "user": "admin@owners.example",
            "hub_domain": "simulated.example",
            "scopes": scopes,
            "token_type": kind,
            "token_use": kind,
        });
        if let (Some(expires_ms), Some(map)) = (expires_ms, body.as_object_mut()) {
            map.insert("expires_in".to_owned(), json!((expires_ms - now) / 1000));
            map.insert("is_private_distribution".to_owned(), json!(true));
            map.insert(
                "signed_access_token".to_owned(),
                self.signed_access_token(expires_ms, &scopes),
            );
        }
        Some(body)
    }

    /// What HubSpot's own services read from a token. Its fields are there as the
    /// specification names them; nobody outside of HubSpot can check the signatures,
    /// so these are empty.
    fn signed_access_token(&self, expires_ms: i64, scopes: &[String]) -> Value {
        json!({
            "expiresAt": expires_ms,
            "scopes": scopes.join(" "),
            "hubId": self.options.portal_id,
            "userId": self.identity.user_id,
            "appId": self.identity.app_id,
            "signature": "",
            "newSignature": "",
            "scopeToScopeGroupPks": "",
            "trialScopes": "",
            "trialScopeToScopeGroupPks": "",
            "hublet": self.options.hublet,
            "installingUserId": self.identity.user_id,
            "isPrivateDistribution": true,
            "isServiceAccount": false,
            "isUserLevel": false,
        })
    }

    /// `GET /oauth/v1/access-tokens/{token}` and `.../refresh-tokens/{token}`.
    pub fn token_info(&self, token: &str) -> Reply {
        match self.describe(token) {
            Some(body) => Reply::ok(body),
            None => error(
                404,
                "OBJECT_NOT_FOUND",
                "No token was found by this value, or it is expired or revoked",
            ),
        }
    }

    /// `POST /oauth/{version}/token/revoke`: issued access tokens keep working.
    pub fn revoke(&mut self, request: &Request) -> Result<Reply, Reply> {
        let form = request.fields();
        let field = |name: &str| {
            form.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        self.check_client(&field)?;
        for name in ["token", "refresh_token"] {
            self.forget_refresh(&field(name));
        }
        Ok(Reply {
            status: 200,
            ..Reply::empty()
        })
    }

    /// Revokes one refresh token.
    pub fn forget_refresh(&mut self, token: &str) {
        self.tokens.refresh.remove(token);
    }

    /// The customer removes the app: no token works any more.
    pub fn uninstall(&mut self) {
        self.tokens = Tokens::default();
    }

    /// Lets the access tokens run out, or only the refresh tokens be revoked.
    pub fn end_tokens(&mut self, access: bool, refresh: bool) {
        let now = self.clock.now_ms();
        if access {
            for token in self.tokens.access.values_mut() {
                token.expires_ms = token.expires_ms.min(now);
            }
        }
        if refresh {
            self.tokens.refresh.clear();
        }
    }
}
