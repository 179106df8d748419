//! All parameters in one tensor, and AdamW on it.

use rayon::prelude::*;
use tch::{Kind, Tensor as Torch};

use crate::device::libtorch::{Shared, above, below};
use crate::model::{Model, ParamSpec};
use crate::optim::{Moments, OptimizerConfig};

/// Parameters, moments and what the optimiser multiplies them by, each `[agents, parameters]` or
/// `[1, parameters]`.
pub(super) struct Weights {
    flat: Shared,
    first: Shared,
    second: Shared,
    /// Learning rate as a factor of the definition's.
    rate: Shared,
    /// Weight decay times that factor.
    decay: Shared,
    /// Updates that the moments have seen.
    pub(super) updates: usize,
}

impl Weights {
    /// Moves a model's parameters into one tensor, of which they become views.
    pub(super) fn take(model: &mut Model, optimizer: &OptimizerConfig) -> Self {
        let agents = model.agents() as i64;
        let parts: Vec<Torch> = model
            .params()
            .iter()
            .map(|p| below(p).view([agents, -1]))
            .collect();
        let flat = Torch::cat(&parts, 1);
        let device = flat.device();
        let per_value = |of: &dyn Fn(&ParamSpec) -> f64| {
            let values: Vec<f32> = model
                .specs()
                .iter()
                .flat_map(|spec| std::iter::repeat_n(of(spec) as f32, spec.len()))
                .collect();
            Shared::new(Torch::from_slice(&values).unsqueeze(0).to_device(device))
        };
        let weights = Self {
            first: Shared::new(flat.zeros_like()),
            second: Shared::new(flat.zeros_like()),
            rate: per_value(&|spec| optimizer.rate(spec.group)),
            decay: per_value(&|spec| {
                let decay = f64::from(optimizer.weight_decay) * optimizer.rate(spec.group);
                if optimizer.decays(spec.group) {
                    decay
                } else {
                    0.0
                }
            }),
            flat: Shared::new(flat),
            updates: 0,
        };
        weights.show(model);
        weights
    }

    /// Makes a model's parameters views of these.
    fn show(&self, model: &mut Model) {
        let views = self.views(model.specs());
        model.set_params(views.iter().map(above).collect());
    }

    /// Takes an agent out.
    pub(super) fn release(&mut self, model: &mut Model, agent: usize) {
        let _guard = tch::no_grad_guard();
        let agents = self.flat.size()[0];
        let others: Vec<i64> = (0..agents).filter(|&n| n != agent as i64).collect();
        let others = Torch::from_slice(&others).to_device(self.flat.device());
        for tensor in [&mut self.flat, &mut self.first, &mut self.second] {
            *tensor = Shared::new(tensor.index_select(0, &others));
        }
        self.show(model);
    }

    /// Each parameter's part of the tensor, `[agents, rows, cols]`.
    fn views(&self, specs: &[ParamSpec]) -> Vec<Torch> {
        let mut at = 0;
        let agents = self.flat.size()[0];
        specs
            .iter()
            .map(|spec| {
                let part = self.flat.narrow(1, at, spec.len() as i64);
                at += spec.len() as i64;
                part.view([agents, spec.rows as i64, spec.cols as i64])
            })
            .collect()
    }

    /// The same as leaves of libtorch's autograd; they share their storage.
    pub(super) fn leaves(&self, specs: &[ParamSpec]) -> Vec<Shared> {
        let views = self.views(specs).into_iter();
        views
            .map(|view| Shared::new(view.detach().set_requires_grad(true)))
            .collect()
    }

    /// One update in place, AdamW as in Loshchilov and Hutter (2019); `factor` is the schedule's.
    /// Returns the gradient's global norm of each agent before clipping, `[agents, 1]`.
    pub(super) fn update(&mut self, grad: Torch, config: &OptimizerConfig, factor: f64) -> Torch {
        let _guard = tch::no_grad_guard();
        let norm = grad.norm_scalaropt_dim(2.0, [1_i64].as_slice(), true);
        let scale = config
            .clip_norm
            .map(|limit| Shared::new((norm.reciprocal() * limit).clamp_max(1.0)));
        self.updates += 1;
        let count = grad.size()[1];
        let grad = Shared::new(grad);
        // On the host libtorch has one thread here, so each core takes a part of the parameters.
        let parts = match self.flat.device() {
            tch::Device::Cpu => rayon::current_num_threads() as i64,
            _ => 1,
        };
        (0..parts).into_par_iter().for_each(|part| {
            let _guard = tch::no_grad_guard();
            let (from, to) = (part * count / parts, (part + 1) * count / parts);
            let span = |of: &Torch| of.narrow(1, from, to - from);
            let grad = match &scale {
                Some(scale) => span(&grad) * &**scale,
                None => span(&grad),
            };
            self.update_span(&grad, &span, config, factor);
        });
        norm
    }

    /// The update of some parameters, of which `span` takes the part of a tensor.
    fn update_span(
        &self,
        grad: &Torch,
        span: &impl Fn(&Torch) -> Torch,
        config: &OptimizerConfig,
        factor: f64,
    ) {
        let (beta_1, beta_2) = (f64::from(config.beta_1), f64::from(config.beta_2));
        let time = self.updates as i32;
        let rate = config.learning_rate * factor;
        let (mut flat, mut first, mut second) =
            (span(&self.flat), span(&self.first), span(&self.second));
        let _ = first.lerp_(grad, 1.0 - beta_1);
        let _ = second.lerp_(&grad.square(), 1.0 - beta_2);
        let spread = (1.0 - beta_2.powi(time)).sqrt();
        let denominator = second
            .sqrt()
            .g_div_scalar_(spread)
            .g_add_scalar_(f64::from(config.epsilon));
        flat *= span(&self.decay) * -rate + 1.0;
        let step = first * (span(&self.rate) * (-rate / (1.0 - beta_1.powi(time))));
        let _ = flat.addcdiv_(&step, &denominator);
    }

    /// Moments of every parameter of an agent, on the host.
    pub(super) fn moments(&self, specs: &[ParamSpec], agent: usize) -> Vec<Moments> {
        let split = |flat: &Torch| -> Vec<Vec<f32>> {
            let mut values = host(&flat.get(agent as i64));
            let parts = specs.iter().map(|spec| {
                let rest = values.split_off(spec.len());
                std::mem::replace(&mut values, rest)
            });
            parts.collect()
        };
        let both = split(&self.first).into_iter().zip(split(&self.second));
        both.map(|(first, second)| Moments { first, second })
            .collect()
    }

    /// Takes up parameters and moments read from a checkpoint, in memory order.
    pub(super) fn restore(&mut self, values: &[Vec<f32>], moments: &[Moments], updates: usize) {
        let _guard = tch::no_grad_guard();
        let agents = self.flat.size()[0];
        let join = |parts: &mut dyn Iterator<Item = &Vec<f32>>| {
            let parts: Vec<Torch> = parts
                .map(|values| Torch::from_slice(values).view([agents, -1]))
                .collect();
            Torch::cat(&parts, 1)
        };
        for (to, from) in [
            (&self.flat, join(&mut values.iter())),
            (&self.first, join(&mut moments.iter().map(|m| &m.first))),
            (&self.second, join(&mut moments.iter().map(|m| &m.second))),
        ] {
            to.shallow_clone().copy_(&from);
        }
        self.updates = updates;
    }
}

/// Gradients of all parameters in one tensor, `[agents, parameters]`.
pub(super) fn flatten(grads: &[Torch]) -> Torch {
    let parts = grads.iter().map(|g| g.reshape([g.size()[0], -1]));
    Torch::cat(&parts.collect::<Vec<_>>(), 1)
}

/// Values on the host.
pub(super) fn host(tensor: &Torch) -> Vec<f32> {
    let flat = tensor
        .to_kind(Kind::Float)
        .to_device(tch::Device::Cpu)
        .contiguous()
        .view(-1);
    Vec::<f32>::try_from(&flat).expect("a dense vector of f32")
}
