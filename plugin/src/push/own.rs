//! The connector's own property: it names the record of Halo that an object was made of,
//! and HubSpot keeps its values unique. So an object is made once, however often an
//! answer is lost.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::contract::halo::integration::{log, state};
use crate::contract::wasi::random::random;
use crate::entity::{company, contact, product};
use crate::failure::Failure;
use crate::hubspot::client::{Call, Client, Trouble};
use crate::hubspot::version::Version;
use crate::sync::section::Section;
use crate::sync::{keys, memory};

/// Its name on each object type.
pub const PROPERTY: &str = "halo_record";

/// Whether an account has the property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Own {
    /// It has.
    There,
    /// The sign-in may not make it.
    Denied,
}

/// Makes the property, once for each account and object type.
pub fn ensure(client: &mut Client, section: &Section<'_>, scope: &str) -> Result<Own, Trouble> {
    if let Some(known) = memory::get(keys::own(scope))? {
        return Ok(known);
    }
    let objects = section.spec().objects;
    let group = match section.spec().kind {
        kind if kind == company::KIND => "companyinformation",
        kind if kind == contact::KIND => "contactinformation",
        kind if kind == product::KIND => "productinformation",
        _ => return Ok(Own::Denied),
    };
    let call = Call::post(
        client.version().properties(objects),
        &json!({
            "name": PROPERTY,
            "label": "Halo record",
            "description": "Which record of Halo it was made of. Halo's connector writes it; leave it as it is.",
            "type": "string",
            "fieldType": "text",
            "groupName": group,
            "hasUniqueValue": true,
            "formField": false,
        }),
    );
    let own = match client.call(call) {
        Ok(_) => {
            let message = format!(
                "HubSpot {objects} have the property {PROPERTY:?} now: it names the record of Halo that one was made of."
            );
            log::write(log::Level::Info, &message, &[]);
            Own::There
        }
        Err(Trouble::Failed(failure)) if failure.code == "exists" => Own::There,
        Err(Trouble::Failed(failure)) if failure.code == "denied" => {
            let message = format!(
                "The sign-in may not add properties to HubSpot {objects}, so what a lost answer may have made is looked for by its name before it is made again: {}",
                failure.message
            );
            log::write(log::Level::Warn, &message, &[]);
            // Asked again when the account is connected anew.
            return Ok(Own::Denied);
        }
        Err(trouble) => return Err(trouble),
    };
    state::commit(&[memory::put(keys::own(scope), &own)?])?;
    Ok(own)
}

/// The call that finds objects by these values of it.
pub fn find(version: &Version, section: &Section<'_>, values: &[String]) -> Call {
    let inputs: Vec<_> = values.iter().map(|value| json!({ "id": value })).collect();
    Call::post(
        format!("{}/batch/read", version.objects(section.spec().objects)),
        &json!({ "idProperty": PROPERTY, "properties": [PROPERTY], "inputs": inputs }),
    )
}

/// Names this installation among all that share an account.
pub fn installation() -> Result<String, Failure> {
    if let Some(known) = memory::get(keys::INSTALLATION.to_owned())? {
        return Ok(known);
    }
    let name = format!("{:016x}", random::get_random_u64());
    state::commit(&[memory::put(keys::INSTALLATION.to_owned(), &name)?])?;
    Ok(name)
}

/// The record of that kind that a value is for, if this installation has written it.
pub fn record(installation: &str, kind: &str, value: &str) -> Option<u64> {
    let record = value.strip_prefix(installation)?.strip_prefix('-')?;
    record.strip_prefix(kind)?.strip_prefix('-')?.parse().ok()
}

/// The value for a record.
pub fn value(installation: &str, kind: &str, record: u64) -> String {
    format!("{installation}-{kind}-{record}")
}
