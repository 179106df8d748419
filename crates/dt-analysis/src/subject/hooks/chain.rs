//! Hooks one after another.

use dt_train::burn::prelude::*;
use dt_train::model::{HookPoint, Hooks};

/// Hooks that see each tensor in turn; later ones see what earlier ones left.
#[derive(Default)]
pub struct Chain<'a>(pub Vec<Box<dyn Hooks + 'a>>);

impl<'a> Chain<'a> {
    /// With one more at the end.
    #[must_use]
    pub fn then(mut self, hooks: impl Hooks + 'a) -> Self {
        self.0.push(Box::new(hooks));
        self
    }
}

impl Hooks for Chain<'_> {
    fn wants(&self, point: HookPoint) -> bool {
        self.0.iter().any(|hooks| hooks.wants(point))
    }

    fn rank3(&mut self, point: HookPoint, tensor: Tensor<3>) -> Tensor<3> {
        let wanting = self.0.iter_mut().filter(|hooks| hooks.wants(point));
        wanting.fold(tensor, |x, hooks| hooks.rank3(point, x))
    }

    fn rank4(&mut self, point: HookPoint, tensor: Tensor<4>) -> Tensor<4> {
        let wanting = self.0.iter_mut().filter(|hooks| hooks.wants(point));
        wanting.fold(tensor, |x, hooks| hooks.rank4(point, x))
    }
}
