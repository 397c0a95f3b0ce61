//! The settings of one entity, and what an import is made of under them. This is the
//! list of all entities.

use std::collections::BTreeMap;

use super::companies;
use super::contacts;
use super::cursor::fingerprint;
use super::deals;
use super::page::Import;
use super::plan;
use super::products;
use super::quotes;
use crate::check;
use crate::entity::{Mapped, Spec, company, contact, deal, line_item, product, quote};
use crate::failure::Failure;
use crate::field::convert::Conversion;
use crate::field::direction::Direction;
use crate::matching::Table;
use crate::settings::sync_back::When;
use crate::settings::{Companies, Contacts, Deals, FieldRow, Products, Quotes, Settings, SyncBack};

/// The settings of one entity.
#[derive(Clone, Copy, Debug)]
pub enum Section<'a> {
    /// Companies to customers.
    Companies(&'a Companies),
    /// Contacts to users; where a company's users sit depends on the companies.
    Contacts(&'a Contacts, &'a Companies),
    /// Products to items.
    Products(&'a Products),
    /// Deals to tickets; whose they are depends on the companies.
    Deals(&'a Deals, &'a Companies),
    /// Quotes to quotations; whose they are depends on the companies, and what they
    /// wait for on the deals.
    Quotes(&'a Quotes, &'a Companies, &'a Deals),
}

impl<'a> Section<'a> {
    /// All of them, in the order in which they are imported (S7): deals before quotes,
    /// so that a quotation finds its ticket (A13).
    pub fn all(settings: &'a Settings) -> [Section<'a>; 5] {
        [
            Section::Companies(&settings.companies),
            Section::Contacts(&settings.contacts, &settings.companies),
            Section::Products(&settings.products),
            Section::Deals(&settings.deals, &settings.companies),
            Section::Quotes(&settings.quotes, &settings.companies, &settings.deals),
        ]
    }

    /// By the entity's name.
    pub fn of(settings: &'a Settings, entity: &str) -> Option<Section<'a>> {
        Section::all(settings)
            .into_iter()
            .find(|section| section.spec().objects == entity)
    }

    /// The entity's names.
    pub fn spec(&self) -> &'static Spec {
        match self {
            Section::Companies(_) => &company::SPEC,
            Section::Contacts(..) => &contact::SPEC,
            Section::Products(_) => &product::SPEC,
            Section::Deals(..) => &deal::SPEC,
            Section::Quotes(..) => &quote::SPEC,
        }
    }

    /// The field mappings.
    pub fn rows(&self) -> &'a [FieldRow] {
        match self {
            Section::Companies(settings) => &settings.fields,
            Section::Contacts(settings, _) => &settings.fields,
            Section::Products(settings) => &settings.fields,
            Section::Deals(settings, _) => &settings.fields,
            Section::Quotes(settings, ..) => &settings.fields,
        }
    }

    /// The directions that a row may have (S36, S52). What goes back of companies and
    /// contacts is another option. A deal is always followed, so no row of it only goes
    /// out.
    pub fn directions(&self) -> &'static [Direction] {
        match self {
            Section::Companies(_) | Section::Contacts(..) | Section::Quotes(..) => {
                &Direction::INWARDS
            }
            Section::Products(_) => &Direction::ALL,
            Section::Deals(..) => &Direction::COMING,
        }
    }

    /// When Halo's changes are sent; quotations never are (S46).
    pub fn when(&self, settings: &SyncBack) -> When {
        match self {
            Section::Companies(_) => settings.companies,
            Section::Contacts(..) => settings.contacts,
            Section::Products(_) => settings.products,
            Section::Deals(..) => settings.deals,
            Section::Quotes(..) => When::Disabled,
        }
    }

    /// The field that people call a record by.
    pub fn title_field(&self) -> &'static str {
        match self {
            Section::Companies(_) => company::NAME,
            Section::Contacts(..) => contact::NAME,
            Section::Products(_) => product::NAME,
            Section::Deals(..) => deal::SUMMARY,
            Section::Quotes(..) => quote::NAME,
        }
    }

    /// Whether each row has a tick for what goes back (S29).
    pub fn has_ticks(&self) -> bool {
        matches!(self, Section::Companies(_) | Section::Contacts(..))
    }

    /// Whether each row has a direction of its own.
    pub fn has_directions(&self) -> bool {
        match self {
            Section::Companies(_) | Section::Contacts(..) | Section::Quotes(..) => false,
            Section::Products(_) | Section::Deals(..) => true,
        }
    }

    /// Names all settings that an import depends on; `rows` are the usable ones.
    pub fn print(&self, rows: &[FieldRow]) -> String {
        match self {
            Section::Companies(settings) => fingerprint(&[settings, &rows]),
            Section::Contacts(settings, companies) => {
                fingerprint(&[settings, &rows, &companies.customers, &companies.first_site])
            }
            // The group is for new items only.
            Section::Products(_) => fingerprint(&[&rows]),
            Section::Deals(settings, companies) => {
                fingerprint(&[settings, &rows, &companies.customers])
            }
            Section::Quotes(_, companies, deals) => {
                fingerprint(&[&rows, &companies.customers, &deals.come_unasked()])
            }
        }
    }

    /// Whether an import may start.
    pub fn may_import(&self) -> Result<(), Failure> {
        match self {
            Section::Companies(settings) => check::may_import(settings),
            Section::Contacts(..) | Section::Quotes(..) => Ok(()),
            Section::Products(settings) => check::may_import_products(settings),
            Section::Deals(settings, _) => check::deals::may_import(settings),
        }
    }

    /// The properties that are always asked for.
    pub fn properties(&self) -> &'static [&'static str] {
        match self {
            Section::Companies(_) => company::PROPERTIES,
            Section::Contacts(..) => contact::PROPERTIES,
            Section::Products(_) => product::PROPERTIES,
            Section::Deals(..) => deal::PROPERTIES,
            Section::Quotes(..) => quote::PROPERTIES,
        }
    }

    /// The fields that an import fills, of these mapping rows.
    pub fn fields(
        &self,
        rows: &[FieldRow],
        conversions: &BTreeMap<String, Conversion>,
    ) -> Vec<Mapped> {
        match self {
            Section::Companies(settings) => company::fields(settings, rows, conversions),
            Section::Contacts(..) => contact::fields(rows, conversions),
            Section::Products(_) => product::fields(rows, conversions),
            Section::Deals(settings, _) => deal::fields(settings, rows, conversions),
            Section::Quotes(..) => quote::fields(rows, conversions),
        }
    }

    /// HubSpot ids that the settings name; they should be there.
    pub fn named_ids(&self) -> Vec<&'a str> {
        match self {
            Section::Companies(settings) => settings
                .customers
                .iter()
                .map(|pair| pair.company.as_str())
                .collect(),
            Section::Contacts(..)
            | Section::Products(_)
            | Section::Deals(..)
            | Section::Quotes(..) => Vec::new(),
        }
    }

    /// Whether people choose what is imported.
    pub fn is_chosen(&self) -> bool {
        matches!(self, Section::Deals(..))
    }

    /// The import that fills these fields; `chosen` says whether people have chosen
    /// what it is of.
    pub fn import<'b>(
        &self,
        fields: &'b [Mapped],
        prefix: &'b str,
        chosen: bool,
    ) -> Box<dyn Import + 'b>
    where
        'a: 'b,
    {
        match *self {
            Section::Companies(settings) => Box::new(companies::Companies {
                rules: plan::company::Rules {
                    settings,
                    table: Table::new(&settings.customers),
                    fields,
                    prefix,
                },
            }),
            Section::Contacts(settings, companies) => Box::new(contacts::Contacts {
                rules: plan::contact::Rules {
                    settings,
                    fields,
                    prefix,
                },
                companies,
                table: Table::new(&companies.customers),
            }),
            Section::Products(settings) => Box::new(products::Products {
                rules: plan::product::Rules {
                    settings,
                    fields,
                    prefix,
                },
            }),
            Section::Deals(settings, companies) => Box::new(deals::Deals {
                rules: plan::deal::Rules {
                    settings,
                    fields,
                    prefix,
                    chosen,
                },
                table: Table::new(&companies.customers),
                pipelines: Default::default(),
                owners: Default::default(),
                offset_ms: Default::default(),
            }),
            Section::Quotes(settings, companies, deals) => Box::new(quotes::Quotes {
                deleted: settings.deleted,
                rules: plan::quote::Rules {
                    fields,
                    line_fields: line_item::fields(),
                    prefix,
                },
                table: Table::new(&companies.customers),
                deals_come: deals.come_unasked(),
                statuses: Default::default(),
                pipelines: Default::default(),
                offset_ms: Default::default(),
            }),
        }
    }
}
