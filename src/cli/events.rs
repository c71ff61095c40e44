//! `airhatch events`: everything that happens in an account, as it happens, until Ctrl-C.

use airhatch_wire::UnixMillis;
use airhatch_wire::control::{Event, LogLevel};

use super::context::Context;
use super::exit::Stop;
use super::{human, json};
use crate::link::AgentEvent;

/// Does it.
pub(crate) async fn run(context: &Context) -> Result<(), Stop> {
    let attached = context.attach().await?;
    let mut events = attached.agent.watch(false).await?;
    context.out.talk("watching; Ctrl-C ends it");
    while let Some(event) = events.recv().await {
        match event {
            AgentEvent::Event(Event::TransferChanged(view)) => {
                let event = Event::TransferChanged(Box::new(attached.placed(*view)));
                context.out.data(json::event(&event), &line(&event))?;
            }
            AgentEvent::Event(event) => context.out.data(json::event(&event), &line(&event))?,
            AgentEvent::Closed(reason) => return Err(reason.into()),
        }
    }
    Ok(())
}

fn line(event: &Event) -> String {
    let now = UnixMillis::now();
    let what = match event {
        Event::AccountChanged(view) => {
            let who = view.email.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("account   {who}: {:?}, policy {}", view.phase, human::policy(view.policy))
        }
        Event::ContactChanged(view) => format!(
            "contact   {}: {}, {}",
            view.email,
            human::trust(&view.trust),
            human::presence(now, &view.presence)
        ),
        Event::ContactRemoved(email) => format!("contact   {email}: removed"),
        Event::TransferChanged(view) => format!(
            "transfer  {} {} {}: {}, {}",
            view.id.short(),
            human::direction(view.direction),
            view.contact,
            human::what(view),
            human::state(view)
        ),
        Event::Progress { transfer, moved } => {
            format!("progress  {}: {}", transfer.short(), human::size(*moved))
        }
        Event::TransferForgotten(id) => format!("transfer  {}: off the list", id.short()),
        Event::Logged { level, text, .. } => {
            let level = match level {
                LogLevel::Info => "log",
                LogLevel::Warn => "warning",
                LogLevel::Error => "error",
            };
            format!("{level:9} {}", text.shown())
        }
    };
    let at = if let Event::Logged { at, .. } = event { *at } else { now };
    format!("{}  {what}", human::clock(at))
}
