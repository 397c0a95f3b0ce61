//! Calls to HubSpot: started, so that the next page arrives while this one is
//! worked on, and finished with whatever waiting and repeating the answers ask for.

use serde::de::DeserializeOwned;

use super::account::Account;
use super::session::Session;
use super::transport::{self, Pending, Request, Response, TransportError, Verb};
use super::verdict::{OUTAGE_PAUSE_MS, Verdict, judge};
use super::version::Version;
use crate::failure::Failure;
use crate::settings::Api;

/// One call below the API's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub verb: Verb,
    /// Path and query.
    pub path: String,
    /// JSON; empty for none.
    pub body: Vec<u8>,
}

impl Call {
    /// A call that reads.
    pub fn get(path: String) -> Call {
        Call {
            verb: Verb::Get,
            path,
            body: Vec::new(),
        }
    }

    /// A call with a JSON body.
    pub fn post(path: String, body: &serde_json::Value) -> Call {
        Call {
            verb: Verb::Post,
            path,
            body: body.to_string().into_bytes(),
        }
    }
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// Ask again, not before this time.
    Later(u64, Failure),
    /// Asking again does not help.
    Failed(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::Failed(failure)
    }
}

/// For calls that cannot wait: the time to come back is an attribute.
impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Failed(failure) => failure,
            Trouble::Later(at, failure) => failure.with("retry-at", at),
        }
    }
}

/// A call under way.
pub struct InFlight {
    call: Call,
    pending: Pending,
}

/// A connected client.
pub struct Client {
    api: Api,
    session: Session,
    /// How far the account is from UTC.
    utc_offset_ms: i64,
}

impl Client {
    /// With the sign-in that is kept; sends nothing but a renewal that is due.
    pub fn connected(api: &Api, account: &Account) -> Result<Client, Trouble> {
        Ok(Client {
            utc_offset_ms: account.utc_offset_ms,
            ..Client::new(api, Session::open(api)?)
        })
    }

    /// With this sign-in.
    pub fn new(api: &Api, session: Session) -> Client {
        Client {
            session,
            api: api.clone(),
            utc_offset_ms: 0,
        }
    }

    /// The version of the API in use.
    pub fn version(&self) -> &Version {
        &self.api.version
    }

    /// Sends a call and does not wait.
    pub fn start(&mut self, call: Call) -> Result<InFlight, Trouble> {
        self.session.renew_when_due(&self.api)?;
        let pending = self.send(&call);
        Ok(InFlight { call, pending })
    }

    fn send(&self, call: &Call) -> Pending {
        let mut headers = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            (
                "authorization".to_owned(),
                format!("Bearer {}", self.session.bearer()),
            ),
        ];
        if !call.body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        transport::start(&Request {
            method: call.verb,
            url: format!("{}{}", self.api.base_url, call.path),
            headers,
            body: call.body.clone(),
        })
    }

    /// Waits for the answer, repeating the call as HubSpot's answers ask for.
    pub fn finish(&mut self, in_flight: InFlight) -> Result<Response, Trouble> {
        self.wait(in_flight, true)
    }

    /// The same; what may have been done is not repeated unless `repeats`.
    fn wait(&mut self, in_flight: InFlight, repeats: bool) -> Result<Response, Trouble> {
        let InFlight { call, mut pending } = in_flight;
        let mut attempt = 1;
        let mut renewed = false;
        loop {
            let answer = pending.wait();
            let may_be_done = match &answer {
                Ok(response) => response.status >= 500,
                Err(error) => matches!(error, TransportError::Lost(_)),
            };
            match judge(&answer, attempt, transport::now(), self.utc_offset_ms) {
                Verdict::Good => {
                    return answer.map_err(|_| {
                        Trouble::Failed(Failure::internal("A lost answer was judged good."))
                    });
                }
                Verdict::Again(_, failure) if may_be_done && !repeats => {
                    return Err(Trouble::Later(transport::now() + OUTAGE_PAUSE_MS, failure));
                }
                Verdict::Again(pause, failure) => transport::pause(pause, failure)?,
                // With a token that HubSpot has just given: not a matter of the
                // sign-in, as HubSpot says that a 401 is no sign of an ended token.
                Verdict::Refresh(why) if renewed => {
                    let failure = Failure::new(
                        "unavailable",
                        format!("HubSpot refuses a new access token ({why})."),
                    );
                    return Err(Trouble::Later(transport::now() + OUTAGE_PAUSE_MS, failure));
                }
                Verdict::Refresh(why) => {
                    self.session.renew_after_refusal(&self.api, &why)?;
                    renewed = true;
                }
                Verdict::Later(at, failure) => return Err(Trouble::Later(at, failure)),
                Verdict::Failed(failure) => return Err(Trouble::Failed(failure)),
            }
            attempt += 1;
            pending = self.send(&call);
        }
    }

    /// Sends a call and waits for the answer.
    pub fn call(&mut self, call: Call) -> Result<Response, Trouble> {
        let in_flight = self.start(call)?;
        self.finish(in_flight)
    }

    /// The same for a call that would do its work a second time: one without an answer is
    /// not sent again.
    pub fn once(&mut self, call: Call) -> Result<Response, Trouble> {
        let in_flight = self.start(call)?;
        self.wait(in_flight, false)
    }

    /// Sends a call and waits for the answer, read as JSON.
    pub fn read<T: DeserializeOwned>(&mut self, call: Call) -> Result<T, Trouble> {
        Ok(json(&self.call(call)?)?)
    }
}

/// The body of an answer.
pub fn json<T: DeserializeOwned>(response: &Response) -> Result<T, Failure> {
    serde_json::from_slice(&response.body).map_err(|error| {
        Failure::new(
            "remote",
            format!("An answer of HubSpot cannot be read: {error}."),
        )
    })
}
