//! Where the page comes from.

use guard_aws::{Clients, OperateFunction, WidgetFunction};
use guard_core::name::Region;
use guard_core::port::Clock;
use guard_page::{Place, respond};
use guard_replay::Onlooker;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::operate::explain;

/// What is shown.
pub(super) enum Source {
    /// A deployed guard.
    Stack(Box<Stack>),
    /// What past events come to.
    Backtest(Box<Onlooker>),
}

/// A deployed guard's two functions that people call.
pub(super) struct Stack {
    name: String,
    region: String,
    widget: WidgetFunction,
    operate: OperateFunction,
    read_only: bool,
    actor: Option<String>,
}

/// What the browser calls: the button's function and JSON, and the page's form fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// The ARN in the button's action; empty for the page itself.
    endpoint: String,
    parameters: Map<String, Value>,
    forms: Map<String, Value>,
    theme: String,
    width: u32,
}

impl Source {
    /// `None` when nobody says in which Region it is.
    pub(super) async fn of_stack(
        name: String,
        region: Option<Region>,
        read_only: bool,
        actor: Option<String>,
    ) -> Option<Self> {
        let clients = Clients::of_operator(region).await;
        let region = clients.config().region()?.to_string();
        let widget = WidgetFunction::new(&clients, &format!("{name}-widget"));
        let operate = OperateFunction::new(&clients, &format!("{name}-operate"));
        Some(Self::Stack(Box::new(Stack { name, region, widget, operate, read_only, actor })))
    }

    /// For the page's title.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Stack(stack) => format!("{} in {}", stack.name, stack.region),
            Self::Backtest(onlooker) => format!("Backtest up to {}", onlooker.clock.now()),
        }
    }

    /// The HTML that a call is answered with, or what is wrong.
    pub(super) async fn call(&self, call: Call) -> Result<String, String> {
        match self {
            Self::Stack(stack) => stack.call(call).await,
            Self::Backtest(onlooker) => {
                let event = call.event(None, true);
                let place = Place::of(&event, "widget", None);
                respond(onlooker.as_ref(), &place, &event).await.map_err(|fault| fault.to_string())
            }
        }
    }
}

impl Stack {
    async fn call(&self, call: Call) -> Result<String, String> {
        let function = call.endpoint.rsplit(':').next().unwrap_or_default().to_owned();
        let event = call.event(self.actor.as_deref(), self.read_only);
        let answer = if function.is_empty() || function == format!("{}-widget", self.name) {
            self.widget.show(&event).await
        } else if function == format!("{}-operate", self.name) && !self.read_only {
            self.operate.ask(&event).await
        } else {
            return Err("this is no function that the page may call".to_owned());
        };
        let answer = answer.map_err(|error| explain(&error, &self.region))?;
        let page = answer.as_str().map(str::to_owned);
        page.ok_or_else(|| format!("{function} answered, but not with a page: {answer}"))
    }
}

impl Call {
    /// The event as CloudWatch's console would have it.
    fn event(self, actor: Option<&str>, read_only: bool) -> Value {
        let mut forms = self.forms;
        let typed = forms.get("actor").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        if let Some(actor) = actor.filter(|_| !typed) {
            forms.insert("actor".to_owned(), json!(actor));
        }
        let mut event = self.parameters;
        let parameters = json!({ "actions": !read_only });
        let context = json!({
            "dashboardName": "ses-guard", "widgetId": "ses-guard", "theme": self.theme, "width": self.width,
            "forms": { "all": forms }, "params": parameters,
        });
        event.insert("widgetContext".to_owned(), context);
        Value::Object(event)
    }
}
