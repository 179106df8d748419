//! Whether a study can be asked of an agent: their worlds are the same, and nothing that a question
//! will show the agent is larger than what it reads.

use dt_env::{Action, EnvSpec, WorldConfig};
use dt_train::checkpoint::Agent;
use dt_train::model::{Misfit, StateEmbedding, TimeEmbedding};

use crate::prompts::Study;

/// Why a study of this world cannot be asked of an agent, if it cannot.
pub(super) fn problem(agent: &Agent, study: &Study, spec: &EnvSpec) -> Option<String> {
    let (config, sizes) = (agent.model.config(), agent.model.sizes());
    if config.state_embedding == StateEmbedding::Dense {
        return Some(
            "the agent reads dense observations; it has no vocabulary of items to edit".to_owned(),
        );
    }
    let misfit = sizes.misfit(spec);
    match misfit {
        Some(Misfit::View(has, wants)) => {
            return Some(format!(
                "the agent's view is {has} cells wide, that of study {} is {wants}; take an agent of {}",
                study.name, study.env
            ));
        }
        Some(Misfit::Actions(has)) => {
            return Some(format!(
                "the agent has {has} actions, the world of study {} has {}",
                study.name,
                Action::COUNT
            ));
        }
        Some(Misfit::Steps(..)) | None => {}
    }
    let actions = study.contrast.first.iter().chain(&study.contrast.second);
    if let Some(action) = actions
        .into_iter()
        .find(|&&a| a as usize >= sizes.n_actions)
    {
        return Some(format!(
            "the agent has {} actions, study {} asks about {action}",
            sizes.n_actions, study.name
        ));
    }
    let made_for = format!("the agent was made for {}", agent.record.world_id());
    let about = format!("study {} is about {}", study.name, study.env);
    match &agent.record.env {
        None => return Some(format!("{made_for}, {about}")),
        Some(own) => {
            if let Some(differs) = difference(own, spec) {
                return Some(format!("{made_for}, {about}: {differs}"));
            }
        }
    }
    let frames = study.walk.len() + 1;
    if config.timesteps() < frames {
        return Some(format!(
            "the agent's context holds {} timesteps, the prompts of study {} have {frames}",
            config.timesteps(),
            study.name
        ));
    }
    // Episodes of a question go on for as long as the study's world lets them; only a table of steps
    // has an end.
    let has_table = config.time_embedding == TimeEmbedding::Embedding;
    match misfit {
        Some(Misfit::Steps(known, limit)) if has_table => Some(format!(
            "the agent's time table ends at step {known}, episodes of study {} go on to step \
             {limit}; take an agent trained for {limit} steps, or a study with `max_steps: {known}`",
            study.name
        )),
        _ => None,
    }
}

/// In what two worlds differ that an agent could see or bring about, but for the step limit; the
/// first world is the agent's.
pub(crate) fn difference(agents: &EnvSpec, studys: &EnvSpec) -> Option<String> {
    let differs = |field: &str, agents: &dyn std::fmt::Debug, studys: &dyn std::fmt::Debug| {
        let (agents, studys) = (format!("{agents:?}"), format!("{studys:?}"));
        Some(format!("`{field}` is {agents} there and {studys} here"))
    };
    match (&agents.world, &studys.world) {
        (WorldConfig::Map(a), WorldConfig::Map(b)) => {
            if a.rows != b.rows {
                return Some("`rows` of the map are others".to_owned());
            }
            if a.legend != b.legend {
                return differs("legend", &a.legend, &b.legend);
            }
            if a.success != b.success {
                return differs("success", &a.success, &b.success);
            }
        }
        (a, b) if a != b => return differs("world", a, b),
        _ => {}
    }
    if agents.view_size != studys.view_size {
        return differs("view_size", &agents.view_size, &studys.view_size);
    }
    if agents.see_through_walls != studys.see_through_walls {
        let (a, b) = (agents.see_through_walls, studys.see_through_walls);
        return differs("see_through_walls", &a, &b);
    }
    if agents.pickup != studys.pickup {
        return differs("pickup", &agents.pickup, &studys.pickup);
    }
    None
}
