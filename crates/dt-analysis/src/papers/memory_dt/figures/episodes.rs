//! Films of the post's world, all variants side by side.

use dt_env::render::Renderer;
use dt_env::{Action, Configuration};

use super::animation::{Animation, Captioned, side_by_side};
use super::moments::{CORRIDOR, WORLD, optimal, walk};

/// How long the first frame, those between and the last one are shown, in milliseconds.
const DELAYS_MS: (u16, u16, u16) = (600, 300, 1800);

/// Fig. 1, bottom: the optimal episode in each of the four variants.
pub fn episode() -> Animation {
    Animation {
        caption: format!(
            "What the agent sees on the shortest way to the matching target in the four variants \
             of {WORLD}, named by the instruction, then the left and the right target: start, \
             four steps forward, the turn, and the step that ends the episode. The agent (red) \
             stands at the bottom centre and looks up; cells out of sight are black."
        ),
        ..film(
            "fig-01-episode",
            "The optimal episode in the four variants",
            optimal,
        )
    }
}

/// Fig. 15: the frames that the causal experiments show to the agent.
pub fn prompts() -> Animation {
    Animation {
        caption: format!(
            "The first five frames of the four variants of {WORLD}, named by the instruction, \
             then the left and the right target: start and four steps forward, without the turn. \
             After the last one the agent has to choose its side. The agent (red) stands at the \
             bottom centre and looks up; cells out of sight are black."
        ),
        ..film("fig-15-prompts", "Prompts of the four scenarios", |_| {
            CORRIDOR.to_vec()
        })
    }
}

/// What was done before a frame.
fn said(action: Option<Action>) -> String {
    match action {
        None => "start".to_owned(),
        Some(turn @ (Action::Left | Action::Right)) => format!("turn {turn}"),
        Some(action) => action.to_string(),
    }
}

/// Walks of all variants, frame by frame; they are of one length.
fn film(name: &str, title: &str, actions: impl Fn(Configuration) -> Vec<Action>) -> Animation {
    let mut renderer = Renderer::default();
    let walks = Configuration::ALL.map(|configuration| {
        let actions = actions(configuration);
        let observations = walk(configuration, &actions);
        let before = std::iter::once(None).chain(actions.into_iter().map(Some));
        let steps: Vec<_> = before.zip(observations).collect();
        (configuration, steps)
    });
    let length = walks[0].1.len();
    let (mut frames, mut words) = (Vec::new(), Vec::new());
    for n in 0..length {
        let pictures = walks.each_ref().map(|(configuration, steps)| {
            let (action, observation) = &steps[n];
            let picture = renderer.render_observation(observation);
            Captioned {
                picture: picture.expect("a world's own observation"),
                above: configuration.to_string(),
                below: said(*action),
            }
        });
        let each = pictures.iter().map(|p| format!("{}: {}", p.above, p.below));
        words.push(each.collect::<Vec<_>>().join("; "));
        frames.push(side_by_side(&pictures));
    }
    let (first, between, last) = DELAYS_MS;
    let mut delays_ms = vec![between; length];
    delays_ms[0] = first;
    delays_ms[length - 1] = last;
    Animation {
        name: name.to_owned(),
        title: title.to_owned(),
        caption: String::new(),
        frames,
        delays_ms,
        words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn films_have_the_posts_times() {
        let episode = episode();
        assert_eq!(episode.delays_ms, [600, 300, 300, 300, 300, 300, 1800]);
        assert_eq!(prompts().delays_ms, [600, 300, 300, 300, 1800]);
        assert_eq!(episode.frames.len(), 7);
        assert!(
            episode.words[5].starts_with("Key, Key-Ball: turn left; Key, Ball-Key: turn right")
        );
        assert_eq!(prompts().frames, episode_start(&episode));
    }

    /// The first five frames are the same.
    fn episode_start(episode: &Animation) -> Vec<dt_env::render::Picture> {
        episode.frames[..5].to_vec()
    }

    #[test]
    fn pictures_are_the_renderers_own() {
        let frame = &prompts().frames[4];
        let own = walk(Configuration::ALL[1], &CORRIDOR);
        let own = Renderer::default().render_observation(&own[4]).unwrap();
        // The second view, below its words.
        let (left, top) = (10 + 224 + 14, 31);
        for (x, y) in [(0, 0), (40, 200), (100, 210), (112, 205), (180, 203)] {
            assert_eq!(frame.pixel(left + x, top + y), own.pixel(x, y), "{x} {y}");
        }
    }
}
