import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Map;
import org.mpxj.ConstraintType;
import org.mpxj.DayType;
import org.mpxj.Duration;
import org.mpxj.LocalTimeRange;
import org.mpxj.ProjectCalendar;
import org.mpxj.ProjectCalendarHours;
import org.mpxj.ProjectFile;
import org.mpxj.Relation;
import org.mpxj.RelationType;
import org.mpxj.Task;
import org.mpxj.TimeUnit;
import org.mpxj.cpm.MicrosoftScheduler;
import org.mpxj.cpm.MicrosoftSlackCalculator;

/**
 * Schedules networks with MPXJ: one JSON object a line in, one a line out, in the same order.
 *
 * <p>A line holds what {@code peer.py} writes: local times, whole minutes, and calendars as weekly ranges with
 * one exception a date. An answer is {@code {"activities": [...]}} or, when MPXJ gives up, {@code {"error": "..."}}.
 */
public final class MpxjSchedules {
    private static final DateTimeFormatter INSTANT = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, RelationType> DEPENDENCIES =
            Map.of(
                    "finish_to_start", RelationType.FINISH_START,
                    "start_to_start", RelationType.START_START,
                    "finish_to_finish", RelationType.FINISH_FINISH,
                    "start_to_finish", RelationType.START_FINISH);

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
        }
    }

    private static JsonNode answer(JsonNode network) {
        try {
            return schedule(network);
        } catch (Exception | StackOverflowError problem) {
            return JSON.createObjectNode().put("error", problem.toString());
        }
    }

    private static JsonNode schedule(JsonNode network) throws Exception {
        ProjectFile file = new ProjectFile();
        file.getProjectConfig().setSlackClaculator(new MicrosoftSlackCalculator()); // the setter is spelled so
        Map<String, ProjectCalendar> calendars = calendars(file, network.get("calendars"));
        file.setDefaultCalendar(calendars.get(network.get("calendar").asText()));
        Map<String, Task> tasks = new HashMap<>();
        for (JsonNode activity : network.get("activities")) {
            tasks.put(activity.get("id").asText(), task(file, activity, calendars));
        }
        for (JsonNode dependency : network.get("dependencies")) {
            relate(tasks, dependency);
        }
        new MicrosoftScheduler().schedule(file, time(network.get("start")));

        ObjectNode answer = JSON.createObjectNode();
        ArrayNode activities = answer.putArray("activities");
        for (JsonNode activity : network.get("activities")) {
            String id = activity.get("id").asText();
            describe(tasks.get(id), activities.addObject().put("item", id));
        }
        return answer;
    }

    private static Map<String, ProjectCalendar> calendars(ProjectFile file, JsonNode described) {
        Map<String, ProjectCalendar> calendars = new HashMap<>();
        for (JsonNode one : described) {
            ProjectCalendar calendar = file.addCalendar();
            calendar.setName(one.get("name").asText());
            for (DayOfWeek day : DayOfWeek.values()) {
                JsonNode ranges = one.get("week").get(day.getValue() - 1);
                calendar.setCalendarDayType(day, ranges.isEmpty() ? DayType.NON_WORKING : DayType.WORKING);
                addRanges(calendar.addCalendarHours(day), ranges);
            }
            one.get("exceptions").properties().forEach(exception -> addRanges(
                    calendar.addCalendarException(LocalDate.parse(exception.getKey())), exception.getValue()));
            calendars.put(calendar.getName(), calendar);
        }
        return calendars;
    }

    private static void addRanges(ProjectCalendarHours hours, JsonNode ranges) {
        for (JsonNode range : ranges) {
            hours.add(new LocalTimeRange(LocalTime.parse(range.get(0).asText()), endTime(range.get(1).asText())));
        }
    }

    /** MPXJ writes the end of the day as 00:00. */
    private static LocalTime endTime(String text) {
        return text.equals("24:00") ? LocalTime.MIDNIGHT : LocalTime.parse(text);
    }

    private static Task task(ProjectFile file, JsonNode activity, Map<String, ProjectCalendar> calendars) {
        Task task = file.addTask();
        task.setName(activity.get("id").asText());
        task.setDuration(minutes(activity.get("duration").asLong()));
        task.setRemainingDuration(minutes(activity.get("remaining").asLong()));
        task.setActualDuration(minutes(activity.get("duration").asLong() - activity.get("remaining").asLong()));
        task.setMilestone(activity.get("milestone").asBoolean());
        if (activity.has("calendar")) {
            task.setCalendar(calendars.get(activity.get("calendar").asText()));
        }
        if (activity.has("constraint")) {
            task.setConstraintType(ConstraintType.valueOf(activity.get("constraint").asText().toUpperCase()));
            task.setConstraintDate(time(activity.get("constraint_at")));
        }
        task.setDeadline(time(activity.get("deadline")));
        task.setActualStart(time(activity.get("started_at")));
        task.setActualFinish(time(activity.get("finished_at")));
        return task;
    }

    private static void relate(Map<String, Task> tasks, JsonNode dependency) {
        long lag = dependency.get("lag").asLong();
        boolean elapsed = dependency.path("elapsed").asBoolean();
        Relation.Builder relation = new Relation.Builder()
                .predecessorTask(tasks.get(dependency.get("from").asText()))
                .type(DEPENDENCIES.get(dependency.get("dependency").asText()))
                .lag(Duration.getInstance(lag, elapsed ? TimeUnit.ELAPSED_MINUTES : TimeUnit.MINUTES));
        tasks.get(dependency.get("to").asText()).addPredecessor(relation);
    }

    private static void describe(Task task, ObjectNode answer) {
        answer.put("early_start", INSTANT.format(task.getEarlyStart()));
        answer.put("early_finish", INSTANT.format(task.getEarlyFinish()));
        answer.put("late_start", INSTANT.format(task.getLateStart()));
        answer.put("late_finish", INSTANT.format(task.getLateFinish()));
        answer.put("total_float", millis(task, task.getTotalSlack()));
        answer.put("free_float", millis(task, task.getFreeSlack()));
    }

    private static long millis(Task task, Duration slack) {
        return Math.round(slack.convertUnits(TimeUnit.MINUTES, task.getEffectiveCalendar()).getDuration() * 60_000);
    }

    private static Duration minutes(long minutes) {
        return Duration.getInstance(minutes, TimeUnit.MINUTES);
    }

    private static LocalDateTime time(JsonNode text) {
        return text == null ? null : LocalDateTime.parse(text.asText());
    }
}
