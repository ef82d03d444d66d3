// Shows of all architectures the one of the epoch that is chosen; without this all are shown.
const time = document.querySelector(".time");
if (time) {
  const [input, told] = [time.querySelector("input"), time.querySelector("output")];
  const phases = [...document.querySelectorAll(".phase")];
  const show = () => {
    for (const phase of phases)
      phase.hidden = !phase.dataset.epochs.split(" ").includes(input.value);
    told.value = `epoch ${input.value} of ${input.max}`;
  };
  input.addEventListener("input", show);
  time.hidden = false;
  show();
}
