//! A workshop with the tiny connector in its configuration, beside HubSpot's or alone,
//! and the simulated Fernwhistle that it reaches.

use halo_host::store::{Scope, Store as _};
use halo_tests::kit::{Workshop, component_of};
use halo_tests::tiny_crm_sim::TinyCrm;
use serde_json::{Value, json};

use crate::shop::counts;

/// The connector in the configuration.
pub const NAME: &str = "crm";
/// The token that Fernwhistle takes.
pub const TOKEN: &str = "fw-0123456789";

/// Where one works on accounts.
pub struct Desk {
    /// The folder.
    pub shop: Workshop,
    /// Its remote.
    pub crm: TinyCrm,
}

impl Desk {
    /// With this connector alone, not connected.
    pub async fn alone() -> Desk {
        let desk = Desk::beside(crate::shop::unconnected(0).await).await;
        let path = desk.shop.folder().join("halo.toml");
        let text = std::fs::read_to_string(path).unwrap();
        let (server, _) = text.split_once("[connector.").unwrap();
        let (_, own) = text.split_once(&format!("[connector.{NAME}]")).unwrap();
        let alone = format!("{server}[connector.{NAME}]{own}");
        desk.shop.write("halo.toml", &alone).unwrap();
        desk
    }

    /// The same, connected.
    pub async fn connected() -> Desk {
        let desk = Desk::alone().await;
        desk.connect().await;
        desk
    }

    /// Beside the connectors of a workshop.
    pub async fn beside(shop: Workshop) -> Desk {
        let crm = TinyCrm::start(TOKEN).await.unwrap();
        let built = tokio::task::spawn_blocking(|| component_of("tests/tiny-crm")).await;
        let component = built.unwrap().unwrap();
        let rest = format!(
            "allow-hosts = [{:?}]\n\
             settings-file = \"crm.json\"\n\
             secrets.access-token = {{ file = \"token.txt\" }}\n",
            crm.base_url().trim_start_matches("http://"),
        );
        shop.add_connector(NAME, &component, &rest).await.unwrap();
        let desk = Desk { shop, crm };
        desk.shop.write("token.txt", TOKEN).unwrap();
        desk.apply(json!({}));
        desk
    }

    /// Connects as a person does.
    pub async fn connect(&self) {
        let ended = self.shop.halo(&["connect", NAME]).await.unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }

    /// Settings that import all accounts, with other members of `accounts` added or put
    /// in their place.
    pub fn apply(&self, accounts: Value) {
        let mut settings = json!({
            "api": { "base-url": self.crm.base_url() },
            "accounts": { "top-level": 1 },
        });
        for (name, value) in accounts.as_object().unwrap() {
            settings["accounts"][name] = value.clone();
        }
        self.shop.write("crm.json", &settings.to_string()).unwrap();
    }

    /// A command that must end well; answers its document.
    pub async fn result(&self, arguments: &[&str]) -> Value {
        self.shop.result(arguments).await.unwrap().remove(0)
    }

    /// Imports accounts; answers the document.
    pub async fn import(&self) -> Value {
        self.result(&["import", NAME, "accounts"]).await
    }

    /// Imports accounts; answers what came of it.
    pub async fn counts(&self) -> String {
        counts(&self.import().await)
    }

    /// Place and code of what a check names, warnings as well.
    pub async fn problems(&self, arguments: &[&str]) -> Vec<(String, String)> {
        let mut check = vec!["--json", "check", NAME];
        check.extend(arguments);
        let ended = self.shop.halo(&check).await.unwrap();
        let document = ended.json().unwrap().remove(0);
        let problems = document["problems"].as_array().unwrap().iter();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        problems
            .map(|problem| (word(&problem["path"]), word(&problem["code"])))
            .collect()
    }

    /// The customer that an account is linked to.
    pub async fn linked(&self, account: &str) -> Option<u64> {
        let scope = Scope {
            connection: NAME.to_owned(),
            layer: 0,
            run: None,
            cause: String::new(),
            lane: None,
        };
        let store = self.shop.records().unwrap().store;
        let keys = [account.to_owned()];
        let found = store.resolve(&scope, "customer", &keys).await.unwrap();
        let mut found = found.into_iter().flatten();
        found.next().map(|record| record.id)
    }

    /// A field of the customer that an account is linked to.
    pub async fn field(&self, account: &str, name: &str) -> String {
        let id = self.linked(account).await.unwrap();
        let halo = self.shop.records().unwrap();
        halo.field("customer", id, name).await.unwrap()
    }
}
