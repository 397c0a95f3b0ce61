//! How to do the same with a real account.

use crate::say;

const TEXT: &str = r#"

━━━ The same with your own HubSpot account

1. At HubSpot, make an access token (a service key, or an app with static
   authentication) with these scopes:

     crm.objects.companies.read  crm.schemas.companies.read
     crm.objects.contacts.read   crm.schemas.contacts.read
     crm.objects.deals.read      crm.schemas.deals.read
     crm.objects.products.read   crm.objects.owners.read
     crm.objects.quotes.read     crm.objects.line_items.read

2. Make a folder with the component and a configuration, and give the token in an
   environment variable:

     mkdir ../my-hubspot
     cargo halo-host build plugin --out ../my-hubspot/hubspot.wasm
     cargo halo-host --config ../my-hubspot/halo.toml init --name hubspot --component ../my-hubspot/hubspot.wasm
     export HUBSPOT_ACCESS_TOKEN=...

   In ../my-hubspot/halo.toml, take the # away before access-token. (To sign in with a
   browser instead, give the client-id and client-secret of an OAuth app, the line
   public-url = "http://localhost:8085" in [server], and at HubSpot the redirect
   address http://localhost:8085/connect/hubspot/callback.)

3. Write ../my-hubspot/settings.json:

     { "companies": { "all-lifecycle-stages": true, "top-level": 1 },
       "products": { "item-group": 1 }, "deals": { "ticket-type": 1 } }

4. Go on as above; each command takes --config ../my-hubspot/halo.toml:

     cargo halo-host --config ... settings hubspot apply ../my-hubspot/settings.json
     cargo halo-host --config ... connect hubspot
     cargo halo-host --config ... preview hubspot companies
     cargo halo-host --config ... import hubspot all
     cargo halo-host --config ... preview hubspot deals

`cargo halo-host --help` lists all commands, `cargo halo-host doctor` says what is
missing on this machine.
"#;

/// Prints it.
pub(crate) fn say() {
    say::line(TEXT.trim_end());
}
