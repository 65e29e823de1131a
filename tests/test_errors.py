import pickle

from npc.errors import Fault, InputError, grouped


def of_patient(n: int, what: str = "is truncated") -> Fault:
    return Fault(f"/data/P{n}/cet1.nii {what}; copy it again", f"patient P{n}", [f"/data/P{n}/cet1.nii"])


def test_up_to_three_faults_of_a_kind_are_told_each():
    faults = [of_patient(1), "the table is empty", of_patient(2), of_patient(3)]
    assert grouped(faults) == faults


def test_more_of_a_kind_stand_once_at_the_place_of_the_first():
    faults = ["a", *(of_patient(n) for n in range(57)), of_patient(7, "is empty"), "a", "a", "a"]
    assert grouped(faults) == [
        "a",
        f"{of_patient(0)} (57 faults of this kind: patient P0; patient P1; patient P2; ...)",
        str(of_patient(7, "is empty")),
        *"aaa",
    ]


def test_values_make_no_other_kind():
    faults = [Fault(f"line {n}: age is 'x{n}', {n}.5 mm off", f"line {n}") for n in range(4)]
    assert len(grouped(faults)) == 1


def test_a_worker_process_may_return_them():
    error = pickle.loads(pickle.dumps(InputError([of_patient(n) for n in range(5)], "5 of 9 studies cannot be used")))
    assert str(error).count("\n") == 1
    assert error.faults[3].place == "patient P3"
