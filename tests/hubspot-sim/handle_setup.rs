//! What an administrator sets up, in-process: owners, pipelines, stages, labels.

use super::definitions::Mode;
use super::handle::{SimError, SimHandle, kind_of};
use super::owners::OwnerEdit;
use super::pipelines::PipelineEdit;

impl SimHandle {
    /// Adds an owner; answers the id that `hubspot_owner_id` holds.
    pub fn add_owner(&self, first: &str, last: &str, email: &str) -> Result<String, SimError> {
        self.owner(&OwnerEdit {
            first: Some(first.to_owned()),
            last: Some(last.to_owned()),
            email: Some(email.to_owned()),
            ..OwnerEdit::default()
        })
    }

    /// Deactivates an owner, or takes them back. Records keep the id.
    pub fn set_owner_archived(&self, id: &str, archived: bool) -> Result<(), SimError> {
        let Ok(id) = id.parse() else {
            return Err(SimError::Refused(format!("there is no owner {id}")));
        };
        self.owner(&OwnerEdit {
            id: Some(id),
            archived: Some(archived),
            ..OwnerEdit::default()
        })
        .map(drop)
    }

    fn owner(&self, edit: &OwnerEdit) -> Result<String, SimError> {
        let id = self.shared.lock().user_owner(edit);
        Ok(id.map_err(SimError::Refused)?.to_string())
    }

    /// Adds a deal pipeline without stages; answers its id, a number as text.
    pub fn add_pipeline(&self, label: &str) -> Result<String, SimError> {
        self.edit_pipeline(&PipelineEdit {
            label: Some(label.to_owned()),
            ..PipelineEdit::default()
        })
    }

    /// Changes, removes or adds a deal pipeline; answers its id.
    pub fn edit_pipeline(&self, edit: &PipelineEdit) -> Result<String, SimError> {
        let id = self.shared.lock().user_pipeline(edit);
        id.map_err(SimError::Refused)
    }

    /// Adds a stage to a deal pipeline; answers its id, a number as text.
    pub fn add_stage(
        &self,
        pipeline: &str,
        label: &str,
        probability: &str,
        closed: bool,
    ) -> Result<String, SimError> {
        let edit = PipelineEdit {
            label: Some(label.to_owned()),
            probability: Some(probability.to_owned()),
            closed: Some(closed),
            ..PipelineEdit::default()
        };
        self.edit_stage(pipeline, &edit)
    }

    /// Changes, removes or adds a stage; answers its id. Its deals follow what it says;
    /// deals in one that was removed keep its id.
    pub fn edit_stage(&self, pipeline: &str, edit: &PipelineEdit) -> Result<String, SimError> {
        let id = self.shared.lock().user_stage(pipeline, edit);
        id.map_err(SimError::Refused)
    }

    /// HubSpot keeps the values of a property itself from now on.
    pub fn lock_property(&self, object_type: &str, name: &str) -> Result<(), SimError> {
        let kind = kind_of(object_type)?;
        let mut account = self.shared.lock();
        let properties = &mut account.stores[kind].schema.properties;
        let property = properties.iter_mut().find(|known| known.name == name);
        let property =
            property.ok_or_else(|| SimError::Refused(format!("there is no property {name}")))?;
        property.mode = Mode::ReadOnly;
        Ok(())
    }

    /// The create form of a type demands these properties from now on.
    pub fn require(&self, object_type: &str, properties: &[&str]) -> Result<(), SimError> {
        let name = super::kinds::KINDS[kind_of(object_type)?].name;
        let required = &mut self.shared.lock().options.required;
        required.retain(|(known, _)| known != name);
        let properties = properties.iter();
        required.extend(properties.map(|property| (name.to_owned(), (*property).to_owned())));
        Ok(())
    }

    /// Adds an association label; answers its ids in both directions, which are this
    /// account's own.
    pub fn define_label(
        &self,
        from: &str,
        to: &str,
        label: &str,
        inverse: &str,
    ) -> Result<(u64, u64), SimError> {
        let pair = (kind_of(from)?, kind_of(to)?);
        let ids = self.shared.lock().user_label(pair, label, Some(inverse));
        ids.map_err(SimError::Refused)
    }
}
