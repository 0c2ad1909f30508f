"""How Numba compiles functions that only other compiled functions call: no further than they are needed.

Numba optimizes every function that it compiles by itself, and makes machine code of it. Those that are only linked into
a kernel, where they are optimized once more with all around them, need no machine code, and only the cheaper passes.
"""

from __future__ import annotations

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class Linked(JITCodeLibrary):
    """Code that is there to be linked into other code."""

    def _optimize_final_module(self) -> None:
        manager, builder = self._codegen._module_pass_manager(
            loop_vectorize=False, slp_vectorize=False, opt=self._codegen._opt_level, cost="cheap"
        )
        manager.run(self._final_module, builder)

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class LinkedLowering(NativeLowering):
    """From typed code to LLVM's, and no further."""

    _name = "linked_lowering"

    def run_pass(self, state) -> bool:
        linked = Linked(state.targetctx.codegen(), state.func_id.func_qualname)
        linked.enable_object_caching()
        state["library"] = linked
        state.flags.no_compile = True
        super().run_pass(state)
        made = state.cr

        # What calls the function finds its code by this: any built-in function that is equal to no other.
        stand_in = list[None]().append
        state.targetctx.insert_user_function(stand_in, made.fndesc, [linked])
        state.reload_init.extend(linked._reload_init)
        state.cr = _LowerResult(made.fndesc, made.call_helper, cfunc=stand_in, env=made.env)
        return True


class Inner(CompilerBase):
    """Numba's usual passes, but for the last."""

    def define_pipelines(self):
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(LinkedLowering if one is NativeLowering else one, what) for one, what in passes.passes]
        passes.finalize()
        return [passes]
