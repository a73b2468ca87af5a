#!/usr/bin/env python3
"""Delete each check of the zk verifier and each relation of a layer in turn; some test must then fail.

    tests/zk/mutants.py [BUILD-DIR] [NAME...]

Works on a copy of the tree. Prints one line a mutant, and fails if one survives. Takes a few minutes.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TESTS = ["ledger", "statement", "wire", "cheat_proof", "cheat_values", "prove"]  # in the order tried

# (name, file in src/zk, text, replacement)
MUTANTS = [
    ("Merkle roots are not compared", "opening.c", "return digest_eq(&got, root);", "return true || got.bytes[0] == root->bytes[0];"),
    ("weights' roots are not asked for", "verify.c", "if (!opening_weights(o))", "if (!opening_weights(o) && false)"),
    ("the functional is not checked", "opening_data.c", "if (!functional_holds(o, c_mask, eta, target))", "if (!functional_holds(o, c_mask, eta, target) && false)"),
    ("columns are not checked", "opening_data.c", "if (!columns_hold(o, chi, eta))", "if (!columns_hold(o, chi, eta) && false)"),
    ("data roots are not asked for", "opening_data.c", "if (!good)", "if (!good && false)"),
    ("trailing bytes are allowed", "verify.c", "if (rd_left(in) > 0)", "if (rd_left(in) > 0 && false)"),
    ("weak parameters are allowed", "verify.c", "if (security_bits(&security) < SECURITY_FLOOR)", "if (security_bits(&security) < 1)"),
    ("zones are not kept apart", "opening_data.c", "struct ext chi = transcript_nonzero(t)", "struct ext chi = EXT_ONE"),
    ("the tail's equation is dropped", "opening_data.c", "struct ext l = o->tail.coefficient[i];", "struct ext l = EXT_ZERO;"),
    ("P's equation is dropped", "opening_batch.c", "struct ext power = gamma, sum = ext_neg(l->constant);", "struct ext power = gamma, sum = EXT_ZERO;\n    memset(l->coefficient, 0, ledger_pads(l->hidden_max, l->products_max) * sizeof *l->coefficient);"),
    ("opened columns are not claimed of the fold", "opening_weights.c", "claim_column(o, which, i);", "(void)claim_column;"),
    ("claims on weights are dropped", "opening_weights.c", "if (r->weight_claims[i].vector == &o->plan->folded[which])", "if (r->weight_claims[i].vector == NULL)"),
    ("products are not checked", "opening_batch.c", "ledger_check_products(&o->run->ledger);", ""),
    ("A's equation is dropped", "ledger.c", "add_evaluation(l, zeta, FACTOR_X, at[FACTOR_X]);", ""),
    ("B's equation is dropped", "ledger.c", "add_evaluation(l, zeta, FACTOR_Y, at[FACTOR_Y]);", ""),
    ("the root's inverse is not checked", "logup.c", "ledger_add_product(l, root, inverse, EXT_ONE);\n    ledger_add_constant(l, ext_from_i64(-1));", "(void)inverse;"),
    ("layers of the tree are not closed", "logup.c", "ledger_add_form(l, claim, ext_from_i64(-1));\n    ledger_add_product(l, out->p[0], out->q[1], EXT_ONE);\n    ledger_add_product(l, out->p[1], out->q[0], EXT_ONE);\n    ledger_add_product(l, out->q[0], out->q[1], lambda);", "(void)claim, (void)lambda;"),
    ("numerators of leaves are free", "run.c", "ledger_add_form(&r->ledger, &r->sum_p, ext_from_i64(-1));", "r->ledger.weight = EXT_ZERO;"),
    ("denominators of leaves are free", "run.c", "ledger_add_form(&r->ledger, &r->sum_q, ext_from_i64(-1));", "ledger_add(&r->ledger, c->q[0], ext_neg(low));\n    ledger_add(&r->ledger, c->q[1], ext_neg(c->top));"),
    ("the output is not compared", "run.c", "ledger_add(&r->ledger, s, EXT_ONE);\n    ledger_add_constant(&r->ledger, ext_neg(value));", "(void)s, (void)value;"),
    ("inner products are not closed", "layer_matrix.c", "ledger_add_product(&r->ledger, r->run_dot[i].f, r->run_dot[i].g, r->dot[i].weight);", ";\n    r->ledger.constant = ext_sub(r->ledger.constant, EXT_ZERO);"),
    ("the input's range is free", "run.c", "if (r->plan->kind == PLAN_HIDDEN_INPUT)\n        speak_input(r);", "(void)speak_input;"),
    ("a requantised value is free", "layer_requant.c", "run_site_field(r, 1, y, EXT_ONE);", "(void)y;"),
    ("a remainder is free", "layer_requant.c", "run_site_field(r, 0, x, EXT_ONE);", "(void)x;"),
    ("a sign is free", "layer_requant.c", "run_site_field(r, 2, sign, EXT_ONE);", ""),
    ("a maximum's taps are free", "layer_pool.c", "run_site_field(r, 0, x[t], ext_from_i64(-1));", ""),
    ("a maximum's flags are not counted", "layer_pool.c", "for (size_t t = 0; t < window; t++)\n        run_site_field(r, 0, is[t], EXT_ONE);", ""),
    ("a sum is free", "tensor.c", "ledger_add(&r->ledger, a, EXT_ONE);\n    ledger_add(&r->ledger, b, EXT_ONE);", "r->ledger.weight = EXT_ZERO;"),
    ("what lies between weights is free", "registration.c", "run_site_field_constant(r, 1, ext_sub(EXT_ONE, e.sum));", ""),
    ("weights are not looked up", "registration.c", "run_site_field(r, 0, s, EXT_ONE);", "(void)s;"),
    ("a refresh claims only the first fold", "refresh.c", "for (size_t i = 0; i < r->plan->folds; i++) {\n        const struct space_vector", "for (size_t i = 0; i < 1; i++) {\n        const struct space_vector"),
    ("the context is not absorbed", "statement.c", "transcript_absorb(t, s->context);", ""),
    ("the architecture is not absorbed", "statement.c", "transcript_absorb(t, digest_slice(&p->layout->architecture));", ""),
    ("weights' roots are not absorbed", "statement.c", "transcript_absorb(t, digest_slice(&s->weights[i]));", "(void)s;"),
    ("messages are not absorbed", "wire.c", "transcript_absorb(&w->transcript, bytes);", ""),
    ("roots are not absorbed", "wire.c", "transcript_absorb(&w->transcript, digest_slice(&d));", ""),
    ("words need not be below p", "wire.c", "if (!field_valid(words[i])) {", "if (!field_valid(words[i]) && false) {"),
]


def run(command, cwd, limit):
    try:
        return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit).returncode
    except subprocess.TimeoutExpired:
        return 124


def main():
    chosen = sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary:
        tree = pathlib.Path(temporary) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build*", ".git"))
        targets = [f"src/zk/{t}_test" for t in TESTS]
        if run(["meson", "setup", "build"], tree, 300) != 0 or run(["ninja", "-C", "build", *targets], tree, 900) != 0:
            sys.exit("mutants: the tree does not build")
        for t in TESTS:
            if run([f"build/src/zk/{t}_test"], tree, 300) != 0:
                sys.exit(f"mutants: {t} fails without any mutant")
        survivors = 0
        for name, file, old, new in MUTANTS:
            if chosen and name not in chosen:
                continue
            path = tree / "src/zk" / file
            text = path.read_text()
            if text.count(old) != 1:
                sys.exit(f"mutants: {file} has {text.count(old)} places for: {name}")
            path.write_text(text.replace(old, new))
            built = run(["ninja", "-C", "build", *targets], tree, 900) == 0
            killer = next((t for t in TESTS if built and run([f"build/src/zk/{t}_test"], tree, 300) != 0), None)
            survivors += killer is None
            print(f"{'SURVIVED' if killer is None else 'killed'}  {name}  ({killer or ('no test' if built else 'DID NOT BUILD')})", flush=True)
            path.write_text(text)
    print(f"{len(MUTANTS) if not chosen else len(chosen)} mutants, {survivors} survived")
    sys.exit(survivors != 0)


if __name__ == "__main__":
    main()
