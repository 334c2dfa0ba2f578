// The console's script. Every page works without it; it makes what is live move.
import { keepTimes } from "./time.js";
import { takeKeys } from "./keys.js";
import { takeForms } from "./forms.js";
import { follow } from "./live.js";
import { takeFind } from "./find.js";
import { takeCopies } from "./copy.js";
import { takeTree } from "./tree.js";
import { showTab } from "./tabs.js";

keepTimes();
takeKeys();
takeFind();
takeCopies();
takeTree();
showTab();
takeForms();
follow();
