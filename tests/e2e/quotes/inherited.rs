//! Quotes that name nobody are whose their deal is, whatever comes to Halo first.

use super::place::{deal, deals_come, link, linked};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn s49_a_quote_takes_the_user_of_its_deal_also_when_the_contact_comes_last() {
    for order in [["deals", "quotes"], ["quotes", "deals"]] {
        let (shop, acme) = with_acme().await;
        deals_come(&shop, true);
        let ada = [("email", "ada@acme.example"), ("firstname", "Ada")];
        let ada = shop.sim.create("contacts", ada).unwrap();
        link(&shop, ("contacts", &ada), ("companies", &acme));
        let open = deal(&shop, "Open", "qualifiedtobuy");
        link(&shop, ("deals", &open), ("companies", &acme));
        link(&shop, ("deals", &open), ("contacts", &ada));
        let fleet = quote(&shop, "Fleet", &[]);
        link(&shop, ("quotes", &fleet), ("deals", &open));
        import(&shop, "deals").await;
        assert_eq!(news(&quotes(&shop).await), "created 1");
        assert_eq!(record(&shop, &fleet, "user_id").await, None);
        import(&shop, "contacts").await;
        for entity in order {
            import(&shop, entity).await;
        }
        let user = linked(&shop, "user", &ada).await;
        assert!(user.is_some());
        assert_eq!(record(&shop, &fleet, "user_id").await, user, "{order:?}");
        // What was read within ten minutes is not read for ever.
        assert_eq!(news(&quotes(&shop).await), "");
    }
}
