//! Contacts before their companies, and after them.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn s27_a_user_at_the_default_customer_is_nobodys_contact_whichever_entity_comes_first() {
    for order in [["contacts", "companies"], ["companies", "contacts"]] {
        let shop = empty().await;
        let halo = shop.records().unwrap();
        let others = halo.add("customer", &[("name", "All others")]).await;
        let of = format!("customer:{}", others.unwrap());
        let site = [("name", "Main"), ("client_id", &of)];
        let site = halo.add("site", &site).await.unwrap();
        apply(&shop, json!({ "default-site": site }));
        let at = format!("site:{site}");
        let user = async |email: &str| {
            let fields = [("name", "Doe"), ("emailaddress", email), ("site_id", &at)];
            halo.add("user", &fields).await.unwrap()
        };
        let user = [
            user("ada@acme.example").await,
            user("bob@home.example").await,
        ][0];
        let acme = company(&shop, "Acme");
        let ada = contact(&shop, "ada@acme.example", &acme);
        let bob = contact(&shop, "bob@home.example", "");
        for entity in order {
            import_of(&shop, entity).await;
        }
        let document = contacts(&shop).await;
        assert!(reason(&document, &ada).contains("ada@acme.example"));
        let linked = async |id: &str| halo.linked("user", id).await.unwrap();
        assert_eq!(linked(&ada).await, None, "{order:?}");
        // Who has no company is of the default customer.
        assert!(linked(&bob).await.is_some());
        // Somebody in Halo says that she is Acme's.
        let customer = halo.linked("customer", &acme).await.unwrap().unwrap();
        let of = format!("customer:{customer}");
        let own = [("name", "Own"), ("client_id", &of)];
        let own = halo.add("site", &own).await.unwrap();
        let own = format!("site:{own}");
        halo.edit("user", user, &[("site_id", &own)]).await.unwrap();
        contacts(&shop).await;
        assert_eq!(linked(&ada).await, Some(user), "{order:?}");
        assert_eq!(halo.all("user").await.unwrap().len(), 2);
    }
}
